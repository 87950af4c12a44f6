/** Whether a file's bytes are what its type says: pictures by their first bytes, texts by being UTF-8. Pure. Rules SE83, SE245, SE246. */

/** Signatures by type: bytes and the place where they stand. https://mimesniff.spec.whatwg.org/ */
const SIGNATURES: Readonly<
  Record<string, readonly { readonly at: number; readonly bytes: readonly number[] }[]>
> = {
  "image/png": [{ at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] }],
  "image/jpeg": [{ at: 0, bytes: [0xff, 0xd8, 0xff] }],
  "image/gif": [{ at: 0, bytes: [0x47, 0x49, 0x46, 0x38] }],
  "image/webp": [
    { at: 0, bytes: [0x52, 0x49, 0x46, 0x46] },
    { at: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
  ],
};

export function hasTypeOf(bytes: Uint8Array, mediaType: string): boolean {
  const signature = SIGNATURES[mediaType];
  if (signature === undefined) return isText(bytes);
  return signature.every((piece) => piece.bytes.every((byte, index) => bytes[piece.at + index] === byte));
}

/** Null where its bytes are what its type says; else what is wrong, as a sentence. */
export function explainWrongBytes(bytes: Uint8Array, mediaType: string): string | null {
  if (hasTypeOf(bytes, mediaType)) return null;
  return SIGNATURES[mediaType] === undefined
    ? `The file is no text in UTF-8 (${mediaType}). Save it as UTF-8 and attach it again.`
    : `The file is not what it says it is (${mediaType}).`;
}

/** The type of a file of which nobody has said what it is; null for what cannot be attached. */
export function findTypeOf(bytes: Uint8Array): string | null {
  const picture = Object.keys(SIGNATURES).find((mediaType) => hasTypeOf(bytes, mediaType));
  return picture ?? (isText(bytes) ? "text/plain" : null);
}

function isText(bytes: Uint8Array): boolean {
  // A zero byte is valid UTF-8 and in no text.
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
