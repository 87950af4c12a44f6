/** Which files a question may have, and whether their bytes are what they are said to be. */
import { describe, expect, it } from "vitest";
import { JPEG, PNG, toDataUrl } from "../../../fixtures/tiny-files.ts";
import { MAX_ATTACHMENTS_PER_MESSAGE } from "../../../../src/protocol/session-api.ts";
import { acceptFiles, isImageType, isTextType } from "../../../../src/session/files/accept-files.ts";
import { toAttachmentId, toAttachmentUrl, toFileKey } from "../../../../src/session/files/attachment-path.ts";
import { hasTypeOf } from "../../../../src/session/files/file-signature.ts";

const OWN = toAttachmentUrl("chat_1", "file_1");
const findOwn = (url: string): string | null => (url === OWN ? "image/png" : null);
const file = (changes: object = {}) => ({ type: "file", mediaType: "image/png", url: OWN, ...changes });

describe("the files of a question", () => {
  it("[SE83] are taken when they were attached to this chat, or stand in the message itself", () => {
    const parts = [
      { type: "text", text: "Look" },
      file({ filename: "a.png", providerMetadata: { secret: 1 } }),
      file({ mediaType: "text/markdown", url: "data:text/markdown,hi" }),
    ];
    expect(acceptFiles({ parts }, findOwn)).toEqual({
      ok: true,
      value: [
        { type: "file", mediaType: "image/png", url: OWN, filename: "a.png" },
        { type: "file", mediaType: "text/markdown", url: "data:text/markdown,hi" },
      ],
    });
    expect(acceptFiles({ parts: [] }, findOwn)).toEqual({ ok: true, value: [] });
  });

  it("[SE160] is what it was attached as, whatever the message says", () => {
    const texts = { url: OWN, mediaType: "text/plain" };
    for (const mediaType of ["image/png", "text/html"]) {
      expect(acceptFiles({ parts: [file({ mediaType })] }, () => "text/plain")).toEqual({
        ok: true,
        value: [{ type: "file", ...texts }],
      });
    }
  });

  it.each([
    ["a type that no model reads", file({ mediaType: "application/zip" }), /application\/zip cannot/],
    ["a picture that is a program", file({ mediaType: "image/svg+xml" }), /svg/],
    ["no type", file({ mediaType: undefined }), /no type/],
    ["no address", file({ url: undefined }), /no type or no address/],
    [
      "the file of another chat",
      file({ url: toAttachmentUrl("chat_2", "file_1") }),
      /not attached to this chat/,
    ],
    ["an address elsewhere", file({ url: "https://example.com/a.png" }), /not attached to this chat/],
    ["an address of the machine itself", file({ url: "file:///etc/passwd" }), /not attached/],
    ["a data address of another type", file({ url: "data:text/html,<b>" }), /not attached/],
    ["a data address whose type only begins like it", file({ url: "data:image/pngx,a" }), /not attached/],
    ["a data address that is no picture", file({ url: "data:image/png;base64,PGI+" }), /not what it says/],
    ["a data address that cannot be read", file({ url: "data:image/png;base64,@@" }), /not what it says/],
  ])("[SE83] %s is refused in words", (_, part, sentence) => {
    expect(acceptFiles({ parts: [part] }, findOwn)).toEqual({
      ok: false,
      error: expect.stringMatching(sentence),
    });
  });

  it.each([
    ["nothing, of a text", "", "data:application/octet-stream;base64,cHJpbnQoMSk=", "text/plain"],
    ["nothing in particular, of a picture", "application/octet-stream", toDataUrl("", PNG), "image/png"],
    ["a type with parameters", "Text/CSV; charset=utf-8", "data:text/csv;charset=utf-8,a;b", "text/csv"],
    ["what programs say of a JPEG", "image/jpg", toDataUrl("image/jpg", JPEG), "image/jpeg"],
  ])("[SE246] that are said to be %s are taken", (_, mediaType, url, expected) => {
    expect(acceptFiles({ parts: [file({ mediaType, url })] }, findOwn)).toEqual({
      ok: true,
      value: [{ type: "file", mediaType: expected, url }],
    });
  });

  it.each([
    "video/mp2t",
    "application/x-sh",
    "application/vnd.ms-excel",
    "application/geo+json",
    "application/typescript",
  ])("[SE253] that are said to be %s are texts where their bytes are", (mediaType) => {
    const text = `data:${mediaType};base64,Y29uc3QgYSA9IDE7`;
    expect(acceptFiles({ parts: [file({ mediaType, url: text })] }, findOwn)).toEqual({
      ok: true,
      value: [{ type: "file", mediaType: "text/plain", url: text }],
    });
    const film = `data:${mediaType};base64,R0ARAAFC`;
    expect(acceptFiles({ parts: [file({ mediaType, url: film })] }, findOwn)).toEqual({
      ok: false,
      error: expect.stringContaining(`Files of type ${mediaType} cannot be attached`),
    });
  });

  it("[SE253] that are documents of programs are refused, whatever their bytes", () => {
    for (const mediaType of ["application/pdf", "image/svg+xml", "application/xhtml+xml", "audio/mpeg"]) {
      const url = `data:${mediaType},text`;
      expect(acceptFiles({ parts: [file({ mediaType, url })] }, findOwn).ok).toBe(false);
    }
  });

  it("[SE246] that are said to be nothing and are none are refused, and a long name is cut", () => {
    const url = "data:application/octet-stream;base64,AAEC";
    expect(acceptFiles({ parts: [file({ mediaType: "", url })] }, findOwn)).toEqual({
      ok: false,
      error: expect.stringContaining("Files of type unknown cannot be attached"),
    });
    const named = acceptFiles({ parts: [file({ filename: `${"x".repeat(199)}😀.png` })] }, findOwn);
    expect(named).toMatchObject({ value: [{ filename: `${"x".repeat(199)}\uFFFD` }] });
  });

  it("[SE245] that are texts in another encoding are refused with what to do", () => {
    for (const url of ["data:text/csv;base64,R3L8zw==", "data:text/csv;base64,//5hAGIA"]) {
      expect(acceptFiles({ parts: [file({ mediaType: "text/csv", url })] }, findOwn)).toEqual({
        ok: false,
        error: "The file is no text in UTF-8 (text/csv). Save it as UTF-8 and attach it again.",
      });
    }
  });

  it("[SE83] are five at the most", () => {
    const parts = Array.from({ length: MAX_ATTACHMENTS_PER_MESSAGE }, () => file());
    expect(acceptFiles({ parts }, findOwn).ok).toBe(true);
    expect(acceptFiles({ parts: [...parts, file()] }, findOwn)).toEqual({
      ok: false,
      error: expect.stringContaining("At most 5"),
    });
  });

  it("[SE83] pictures are four kinds, texts are many", () => {
    const types = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/tiff", "IMAGE/PNG"];
    expect(types.map(isImageType)).toEqual([true, true, true, true, false, false]);
    const texts = [
      "text/plain",
      "text/html",
      "application/json",
      "application/sql",
      "application/pdf",
      "nottext/x",
    ];
    expect(texts.map(isTextType)).toEqual([true, true, true, true, false, false]);
  });
});

describe("addresses", () => {
  it("[SE83] an attachment's address and id belong to each other within one chat", () => {
    expect(OWN).toBe("/api/v1/sessions/chat_1/attachments/file_1");
    expect(toAttachmentId("chat_1", OWN)).toBe("file_1");
    expect(toAttachmentId("chat_2", OWN)).toBeNull();
    expect(toAttachmentId("chat_1", `https://example.com${OWN}`)).toBeNull();
    expect(toFileKey("chat_1", "file_1")).toBe("attachments/chat_1/file_1");
  });
});

describe("bytes", () => {
  const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
  const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

  it.each([
    ["image/png", bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0), true],
    ["image/png", bytes(0x89, 0x50, 0x4e), false],
    ["image/jpeg", bytes(0xff, 0xd8, 0xff, 0xe0), true],
    ["image/jpeg", ascii("<script>"), false],
    ["image/gif", ascii("GIF89a"), true],
    ["image/gif", bytes(), false],
    ["image/webp", ascii("RIFF....WEBPVP8 "), true],
    ["image/webp", ascii("RIFF....WAVEfmt "), false],
    ["text/plain", ascii("Hello"), true],
    ["text/plain", new TextEncoder().encode("名 😀"), true],
    ["text/plain", bytes(0x48, 0x00, 0x49), false],
    ["text/plain", bytes(0xff, 0xfe, 0x48), false],
    ["application/json", bytes(0xc3, 0x28), false],
  ])("[SE83] of %s %j: %s", (mediaType, content, expected) => {
    expect(hasTypeOf(content, mediaType)).toBe(expected);
  });
});
