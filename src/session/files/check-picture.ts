/**
 * Whether providers would take a picture: that it is whole, stands still, and has a size. Its chunks are walked and its
 * header is read; nothing is decoded. A picture that is refused is refused with every later question of its chat. Pure.
 * Rule SE220.
 */

/** Anthropic's limit, the lowest of the providers: https://platform.claude.com/docs/en/build-with-claude/vision */
const MAX_SIDE_PIXELS = 8_000;

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly isAnimated: boolean;
}

type Reader = (bytes: Uint8Array, view: DataView) => Picture | null;

/** A reader gives null for what is cut off or broken. Reading behind the end throws. */
const READERS: Readonly<Record<string, Reader>> = {
  "image/png": readPng,
  "image/jpeg": readJpeg,
  "image/gif": readGif,
  "image/webp": readWebp,
};

/** Null for a picture that can be sent to a model, and for what is none; else what is wrong, as a sentence. */
export function explainBadPicture(bytes: Uint8Array, mediaType: string): string | null {
  const read = READERS[mediaType];
  if (read === undefined) return null;
  const picture = tryRead(read, bytes);
  if (picture === null) return "The picture is not whole: it is cut off or damaged.";
  const { width, height, isAnimated } = picture;
  if (width === 0 || height === 0) return "The picture is empty: it has no width or no height.";
  if (width > MAX_SIDE_PIXELS || height > MAX_SIDE_PIXELS) {
    return `The picture is too large (${width} × ${height}): models take at most ${MAX_SIDE_PIXELS} pixels on a side.`;
  }
  return isAnimated ? "The picture moves, and models take still ones only: attach one frame of it." : null;
}

function tryRead(read: Reader, bytes: Uint8Array): Picture | null {
  try {
    return read(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    // Somebody's file says of itself that it is longer than it is.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** https://www.w3.org/TR/png-3/: chunks of length, type, data and checksum. Of a moving one viewers show the first frame. */
function readPng(bytes: Uint8Array, view: DataView): Picture | null {
  let hasData = false;
  if (readName(view, 12) !== "IHDR") return null;
  for (let at = 8; at < bytes.length; at += 12 + view.getUint32(at)) {
    const name = readName(view, at + 4);
    if (name === "IDAT") hasData = true;
    if (name !== "IEND") continue;
    return hasData ? { width: view.getUint32(16), height: view.getUint32(20), isAnimated: false } : null;
  }
  return null;
}

/** Frame headers (SOF0 to SOF15); the three numbers between them that are something else. */
const isFrameHeader = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** https://www.w3.org/Graphics/JPEG/itu-t81.pdf: segments up to the first scan, and the mark of the end behind it. */
function readJpeg(bytes: Uint8Array, view: DataView): Picture | null {
  let size: Pick<Picture, "width" | "height"> | null = null;
  for (let at = 2; at < bytes.length; at += 2 + view.getUint16(at + 2)) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at += 1;
    if (bytes[at] !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (isFrameHeader(marker)) size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    if (marker !== 0xda) continue;
    return size !== null && hasEnd(bytes, at) ? { ...size, isAnimated: false } : null;
  }
  return null;
}

/** Cameras put more behind the end, so it is looked for. */
function hasEnd(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.indexOf(0xff, from + 2); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

/** https://www.w3.org/Graphics/GIF/spec-gif89a.txt: blocks, some of them images, up to a trailer. */
function readGif(bytes: Uint8Array, view: DataView): Picture | null {
  const size = { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  let images = 0;
  let at = 13 + countColours(view.getUint8(10));
  while (at < bytes.length && view.getUint8(at) !== 0x3b) {
    if (view.getUint8(at) === 0x21) at = skipSubBlocks(view, at + 2);
    else if (view.getUint8(at) === 0x2c) {
      at = skipSubBlocks(view, at + 11 + countColours(view.getUint8(at + 9)));
      images += 1;
    } else return null;
  }
  // Viewers do without the trailer.
  return images === 0 ? null : { ...size, isAnimated: images > 1 };
}

/** The bytes of a colour table, by the flags that announce it. */
function countColours(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 0x07) + 1);
}

function skipSubBlocks(view: DataView, from: number): number {
  let at = from;
  for (let size = view.getUint8(at); size > 0; size = view.getUint8(at)) at += size + 1;
  return at + 1;
}

/** https://developers.google.com/speed/webp/docs/riff_container */
function readWebp(bytes: Uint8Array, view: DataView): Picture | null {
  const end = view.getUint32(4, true) + 8;
  if (end > bytes.length) return null;
  let size: Pick<Picture, "width" | "height"> | null = null;
  for (let at = 12; at + 8 <= end;) {
    const name = readName(view, at);
    const next = at + 8 + view.getUint32(at + 4, true);
    if (next > end) return null;
    if (name === "VP8X") {
      size = { width: readUint24(view, at + 12) + 1, height: readUint24(view, at + 15) + 1 };
      if ((view.getUint8(at + 8) & 0x02) !== 0) return { ...size, isAnimated: true };
    }
    if (name === "VP8 ") return { ...(size ?? readLossySize(view, at + 8)), isAnimated: false };
    if (name === "VP8L") return { ...(size ?? readLosslessSize(view, at + 8)), isAnimated: false };
    // Chunks begin at even places.
    at = next + (next % 2);
  }
  return null;
}

function readLossySize(view: DataView, at: number): Pick<Picture, "width" | "height"> {
  return { width: view.getUint16(at + 6, true) & 0x3fff, height: view.getUint16(at + 8, true) & 0x3fff };
}

function readLosslessSize(view: DataView, at: number): Pick<Picture, "width" | "height"> {
  const bits = view.getUint32(at + 1, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

function readUint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + view.getUint8(at + 2) * 65_536;
}

function readName(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(at + offset)));
}
