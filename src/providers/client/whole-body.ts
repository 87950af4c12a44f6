/** Reads an answer that comes in one piece, and no more of it than it may have. */
import { releaseReader, toByteStream } from "./fetch-function.ts";

/**
 * The bytes of a body; null when there are more than `maxBytes`. What announces a length that fits is read at once, since
 * the platform lets no more through; anything else is counted. Rejects when the connection breaks.
 */
export async function readWholeBody(response: Response, maxBytes: number): Promise<ArrayBuffer | null> {
  const announced = response.headers.get("content-length");
  if (response.body === null || (announced !== null && Number(announced) <= maxBytes)) {
    return response.arrayBuffer();
  }
  const reader = toByteStream(response.body).getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(pieces).arrayBuffer();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      releaseReader(reader);
      return null;
    }
    pieces.push(new Uint8Array(value));
  }
}
