/** Reads `data:` addresses, as clients put files into messages. Pure. Rules SE83, SE84, SE250. https://www.rfc-editor.org/rfc/rfc2397 */

export interface DataUrl {
  /** In lower case, without parameters. */
  readonly mediaType: string;
  /** Null when they cannot be decoded. */
  readonly bytes: Uint8Array | null;
}

const SCHEME = "data:";

export function isDataUrl(url: string): boolean {
  return url.startsWith(SCHEME);
}

/** Null for an address of another kind. */
export function readDataUrl(url: string): DataUrl | null {
  // By its comma and not by a pattern: one that seeks the comma of a text without any takes the square of its length.
  const comma = url.indexOf(",");
  if (!isDataUrl(url) || comma === -1) return null;
  const head = url.slice(SCHEME.length, comma);
  const [mediaType = ""] = head.split(";", 1);
  return {
    mediaType: mediaType.toLowerCase(),
    bytes: decode(url.slice(comma + 1), head.endsWith(";base64")),
  };
}

function decode(data: string, isBase64: boolean): Uint8Array | null {
  try {
    // A picture has millions of signs and none of these.
    const text = data.includes("%") ? decodeURIComponent(data) : data;
    return isBase64 ? toBytes(atob(text)) : new TextEncoder().encode(text);
  } catch {
    // A client's own text: it is for the caller to say what that means.
    return null;
  }
}

function toBytes(signs: string): Uint8Array {
  const bytes = new Uint8Array(signs.length);
  for (let at = 0; at < signs.length; at += 1) bytes[at] = signs.charCodeAt(at);
  return bytes;
}
