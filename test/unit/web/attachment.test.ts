/** What may be attached, told before it is sent. Rules WB70, WB71. */
import { describe, expect, it } from "vitest";
import { MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS_PER_MESSAGE } from "../../../src/protocol/session-api.ts";
import {
  fitFiles,
  isPicture,
  looksLikeText,
  toFileProblem,
  toMediaType,
} from "../../../web/chat/composer/attachment.ts";

describe("types", () => {
  it.each([
    ["sea.png", "image/png", "image/png"],
    ["notes.md", "text/markdown", "text/markdown"],
    ["notes.md", "", "text/plain"],
    ["page.html", "text/html;charset=utf-8", "text/html"],
    ["data.json", "application/json", "application/json"],
    // Browsers take it for a film.
    ["index.ts", "video/mp2t", "text/plain"],
    ["rows.csv", "application/vnd.ms-excel", "text/plain"],
    ["logo.svg", "image/svg+xml", "text/plain"],
    ["Dockerfile", "", null],
    ["film.mp4", "video/mp4", null],
    ["paper.pdf", "application/pdf", null],
  ])("[WB70] %s of type %s is sent as %s", (name, type, expected) => {
    expect(toMediaType(name, type)).toBe(expected);
  });

  it("[WB70] a file of no known type is a text when its bytes are", () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    expect(looksLikeText(bytes("FROM scratch\n"))).toBe(true);
    // Cut in the middle of a sign.
    expect(looksLikeText(bytes("Wärme").slice(0, 2))).toBe(true);
    expect(looksLikeText(Uint8Array.of(1, 0, 2))).toBe(false);
    expect(looksLikeText(Uint8Array.of(0xff, 0xfe, 0x41))).toBe(false);
    expect(isPicture("image/webp")).toBe(true);
    expect(isPicture("image/svg+xml")).toBe(false);
  });
});

describe("problems", () => {
  it("[WB71] are said in words, with the name of the file", () => {
    const file = { name: "a.txt", bytes: 10, mediaType: "text/plain" };
    expect(toFileProblem(file)).toBeNull();
    expect(toFileProblem({ ...file, bytes: MAX_ATTACHMENT_BYTES })).toBeNull();
    expect(toFileProblem({ ...file, bytes: MAX_ATTACHMENT_BYTES + 200_000 })).toBe(
      "a.txt is too large: 5.2 MB. A file may have 5 MB.",
    );
    expect(toFileProblem({ ...file, mediaType: null })).toMatch(/^a\.txt cannot be attached/);
    expect(toFileProblem({ ...file, bytes: 0, mediaType: null })).toBe("a.txt is empty.");
  });

  it("[WB71] more files than a question may have are left out, and that is said", () => {
    const most = MAX_ATTACHMENTS_PER_MESSAGE;
    expect(fitFiles(0, most)).toEqual({ taken: most, problem: "" });
    expect(fitFiles(most - 1, 3).taken).toBe(1);
    expect(fitFiles(most, 1)).toEqual({ taken: 0, problem: "A question can have 5 files at most." });
  });
});
