/** Reads `data:` addresses, as clients put small files into messages. Pure. Rules SE83, SE84. https://www.rfc-editor.org/rfc/rfc2397 */

export interface DataUrl {
  /** In lower case, without parameters. */
  readonly mediaType: string;
  /** Null when they cannot be decoded. */
  readonly bytes: Uint8Array | null;
}

/** Null for an address of another kind. */
export function readDataUrl(url: string): DataUrl | null {
  const match = /^data:([^,;]*)([^,]*),([\s\S]*)$/.exec(url);
  if (match === null) return null;
  const [, mediaType = "", parameters = "", data = ""] = match;
  return { mediaType: mediaType.toLowerCase(), bytes: decode(data, parameters.endsWith(";base64")) };
}

function decode(data: string, isBase64: boolean): Uint8Array | null {
  try {
    const text = decodeURIComponent(data);
    return isBase64
      ? Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
      : new TextEncoder().encode(text);
  } catch {
    // A client's own text: it is for the caller to say what that means.
    return null;
  }
}
