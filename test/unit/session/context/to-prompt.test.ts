/** What a model is told of a chat: words without thoughts, pictures as pictures, texts as text. */
import { describe, expect, it } from "vitest";
import { toMessageText, toPrompt } from "../../../../src/session/context/to-prompt.ts";
import { GIF, PNG, toUtf8 } from "../../../fixtures/tiny-files.ts";
import { toMessage } from "../answer-fixtures.ts";

describe("the prompt", () => {
  it("[SE6] holds the path oldest first, without reasoning and without answers that say nothing", () => {
    const path = [
      toMessage("q1", "user", [
        { type: "text", text: "One" },
        { type: "source-url", url: "x" },
        { type: "text", text: "two" },
      ]),
      toMessage("a1", "assistant", [
        { type: "reasoning", text: "Hm" },
        { type: "text", text: "Answer" },
      ]),
      toMessage("q2", "user", "Again?"),
      toMessage("a2", "assistant", [{ type: "reasoning", text: "Hm" }]),
      toMessage("q3", "user", "Please?"),
    ];
    expect(toPrompt(path).map(({ role, content }) => [role, content])).toEqual([
      ["user", [{ type: "text", text: "One\n\ntwo" }]],
      ["assistant", [{ type: "text", text: "Answer" }]],
      ["user", [{ type: "text", text: "Again?" }]],
      ["user", [{ type: "text", text: "Please?" }]],
    ]);
    expect(toMessageText({ parts: [{ type: "text" }, { type: "text", text: 5 }] })).toBe("");
  });
});

const file = (mediaType: string, url: string, filename?: string) => ({
  type: "file",
  mediaType,
  url,
  ...(filename === undefined ? {} : { filename }),
});

describe("files", () => {
  const contentOf = (parts: Parameters<typeof toMessage>[2], readFile = (): Uint8Array | null => null) =>
    toPrompt([toMessage("q1", "user", parts)], readFile).map(({ content }) => content)[0];

  it("[SE84] a picture is told as a picture, before the words", () => {
    const parts = [{ type: "text", text: "What is it?" }, file("image/png", "/files/1", "a.png")];
    expect(contentOf(parts, () => PNG)).toEqual([
      { type: "file", mediaType: "image/png", filename: "a.png", data: { type: "data", data: PNG } },
      { type: "text", text: "What is it?" },
    ]);
  });

  it("[SE243] a picture that a provider would refuse is named with what is wrong, so that its chat goes on", () => {
    const moving = Uint8Array.from([...GIF.subarray(0, -1), ...GIF.subarray(19)]);
    const cases: [string, Uint8Array, RegExp][] = [
      [
        "image/png",
        PNG.subarray(0, 60),
        /^\[The file a\.png is not shown here\. The picture is not whole.*\]$/,
      ],
      ["image/gif", moving, /The picture moves/],
      ["image/png", toUtf8("<b>"), /It is no picture\.\]$/],
    ];
    for (const [mediaType, bytes, said] of cases) {
      expect(contentOf([file(mediaType, "/files/1", "a.png")], () => bytes)).toEqual([
        { type: "text", text: expect.stringMatching(said) },
      ]);
    }
  });

  it("[SE84] a text file is told as text under its name", () => {
    const parts = [file("text/csv", "/files/1", 'a"b.csv'), { type: "text", text: "Sum it" }];
    expect(contentOf(parts, () => new TextEncoder().encode("é,1\n"))).toEqual([
      { type: "text", text: '<file name="a\\"b.csv">\né,1\n\n</file>' },
      { type: "text", text: "Sum it" },
    ]);
  });

  it("[SE84] one that is gone, or cannot be read, is said to be missing", () => {
    const missing = [{ type: "text", text: "[The file file is not there any more.]" }];
    expect(contentOf([file("image/png", "/files/1")])).toEqual(missing);
    for (const url of ["data:image/png;base64,@@@", "data:image/png", "data:text/plain,%E0%A4%A"]) {
      expect(contentOf([file("image/png", url)])).toEqual(missing);
    }
  });

  it.each([
    ["in base64", "data:text/plain;base64,w6kgYg=="],
    ["percent-encoded", "data:text/plain;charset=utf-8,%C3%A9%20b"],
    ["in base64 that is percent-encoded", "data:text/plain;base64,w6kgYg%3D%3D"],
  ])("[SE84] a data address %s is read", (_, url) => {
    expect(contentOf([file("text/plain", url, "a.txt")])).toEqual([
      { type: "text", text: '<file name="a.txt">\né b\n</file>' },
    ]);
  });

  it("[SE84] a question may be a file alone, and files that were attached are named once each time", () => {
    const question = toMessage("q1", "user", [file("image/png", "/files/1"), file("text/plain", "data:,x")]);
    expect(toPrompt([question], () => PNG)).toHaveLength(1);
  });
});
