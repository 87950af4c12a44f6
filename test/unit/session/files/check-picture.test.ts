/** Pictures that providers would refuse, and with them each later question of a chat. */
import { expect, test } from "vitest";
import { acceptFiles } from "../../../../src/session/files/accept-files.ts";
import { explainBadPicture } from "../../../../src/session/files/check-picture.ts";
import { GIF, JPEG, PNG, toUtf8, WEBP } from "../../../fixtures/tiny-files.ts";

const CUT = "The picture is not whole: it is cut off or damaged.";
const PICTURES = [
  ["image/png", PNG],
  ["image/jpeg", JPEG],
  ["image/gif", GIF],
  ["image/webp", WEBP],
] as const;

/** The same with other bytes at some places. */
const change = (bytes: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array =>
  bytes.map((byte, index) => changes[index] ?? byte);
const join = (...pieces: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(pieces.flatMap((piece) => [...piece]));
const chunk = (name: string, data: readonly number[]): Uint8Array =>
  join(toUtf8(name), Uint8Array.of(data.length, 0, 0, 0, ...data));
const webp = (...chunks: readonly Uint8Array[]): Uint8Array => {
  const body = join(...chunks);
  return join(toUtf8("RIFF"), Uint8Array.of(body.length + 4, 0, 0, 0), toUtf8("WEBP"), body);
};

test.each(PICTURES)("[SE220] a whole %s is taken, whatever stands behind it", (mediaType, bytes) => {
  expect(explainBadPicture(bytes, mediaType)).toBeNull();
  expect(explainBadPicture(join(bytes, toUtf8("a camera's own")), mediaType)).toBeNull();
});

test.each(PICTURES)("[SE220] a %s that is cut off anywhere before its end is refused", (mediaType, bytes) => {
  // A GIF may do without its last byte, and of a PNG the last four check the end.
  const spare = { "image/gif": 1, "image/png": 4 }[mediaType as string] ?? 0;
  for (let length = 0; length < bytes.length - spare; length += 1)
    expect([length, explainBadPicture(bytes.subarray(0, length), mediaType)]).toEqual([length, CUT]);
});

test("[SE220] what is no picture is not looked at", () => {
  expect(explainBadPicture(toUtf8("a"), "text/plain")).toBeNull();
});

const SOF = JPEG.indexOf(0xc2);
test.each([
  ["image/png", change(PNG, { 19: 0 }), /empty/],
  ["image/png", change(PNG, { 22: 0x1f, 23: 0x41 }), /too large \(1 × 8001\)/],
  ["image/png", change(PNG, { 8: 0xff }), /not whole/],
  ["image/jpeg", change(JPEG, { [SOF + 5]: 0 }), /empty/],
  ["image/jpeg", change(JPEG, { [SOF + 6]: 0xff }), /too large \(65281 × 1\)/],
  ["image/gif", change(GIF, { 6: 0 }), /empty/],
  ["image/gif", join(GIF.subarray(0, -1), GIF.subarray(19)), /moves/],
  ["image/gif", join(GIF.subarray(0, 19), Uint8Array.of(0x3b)), /not whole/],
  ["image/webp", change(WEBP, { 26: 0 }), /empty/],
  ["image/webp", webp(chunk("VP8X", [2, 0, 0, 0, 0, 0, 0, 0, 0, 0])), /moves/],
  ["image/webp", webp(chunk("VP8X", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0])), /not whole/],
  ["image/webp", webp(chunk("VP8L", [0x2f, 0xff, 0x3f, 0, 0])), /too large \(16384 × 1\)/],
])("[SE220] %s %#: what providers refuse is named", (mediaType, bytes, problem) => {
  expect(explainBadPicture(bytes, mediaType)).toMatch(problem);
});

test("[SE220] a lossless and an extended WebP are taken", () => {
  expect(explainBadPicture(webp(chunk("VP8L", [0x2f, 0, 0, 0, 0, 0])), "image/webp")).toBeNull();
  const extended = webp(
    chunk("VP8X", [0, 0, 0, 0, 9, 0, 0, 9, 0, 0]),
    chunk("ICCP", [1, 0]),
    chunk("VP8L", [0x2f, 0, 0, 0, 0, 0]),
  );
  expect(explainBadPicture(extended, "image/webp")).toBeNull();
});

test("[SE220] a question with such a picture in it is refused in words", () => {
  const base64 = btoa(String.fromCharCode(...PNG.subarray(0, 30)));
  const part = { type: "file", mediaType: "image/png", url: `data:image/png;base64,${base64}` };
  expect(acceptFiles({ parts: [part] }, () => null)).toEqual({ ok: false, error: CUT });
});
