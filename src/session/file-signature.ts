/** Whether a file's bytes are what its type says: pictures by their first bytes, texts by being UTF-8. Pure. Rule SE83. */

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
