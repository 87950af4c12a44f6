/** Reads `data:` addresses, as clients put small files into messages. Pure. Rules SE83, SE84, SE250. https://www.rfc-editor.org/rfc/rfc2397 */

export interface DataUrl {
  /** In lower case, without parameters. */
  readonly mediaType: string;
  /** Null when they cannot be decoded. */
  readonly bytes: Uint8Array | null;
}

const SCHEME = "data:";

/** Null for an address of another kind. */
export function readDataUrl(url: string): DataUrl | null {
  // By its comma and not by a pattern: one that seeks the comma of a text without any takes the square of its length.
  const comma = url.indexOf(",");
  if (!url.startsWith(SCHEME) || comma === -1) return null;
  const head = url.slice(SCHEME.length, comma);
  const [mediaType = ""] = head.split(";", 1);
  return {
    mediaType: mediaType.toLowerCase(),
    bytes: decode(url.slice(comma + 1), head.endsWith(";base64")),
  };
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
