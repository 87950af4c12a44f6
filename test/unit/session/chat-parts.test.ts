/** The small parts of a chat: what it is called, what a socket takes. */
import { describe, expect, it } from "vitest";
import { MAX_FRAME_BYTES } from "../../../src/protocol/session-frame.ts";
import { isLongerThan, toCloseReason } from "../../../src/session/frames/frame-text.ts";
import { readClientFrame } from "../../../src/session/frames/read-frame.ts";
import { toTitle, UNTITLED } from "../../../src/session/title.ts";

describe("the name", () => {
  it.each([
    ["What is salt?", "What is salt?"],
    ["\n\n  ## **What** is\tsalt?  \nSecond line", "What is salt?"],
    ["```\ncode", "code"],
    ["```one``` line", "one line"],
    ["```ts\nconst x = [1]", "const x = [1]"],
    ["What is a `List<String>` in Java?", "What is a List<String> in Java?"],
    [
      "Sort a[0] > b[1] by snake_case_name in C# with 2 * 3",
      "Sort a[0] > b[1] by snake_case_name in C# with 2 * 3",
    ],
    ["> # *Is* it __really__ [so](https://example.com)?", "Is it really so?"],
    ["- [ ] **buy** salt\n- [ ] pepper", "[ ] buy salt"],
    ["---\n**\nWhat?", "What?"],
    ["#hashtag and *args, **kwargs", "#hashtag and *args, **kwargs"],
    ["   ", UNTITLED],
    ["***", UNTITLED],
    [`${"word ".repeat(30)}`, `${"word ".repeat(12).trim()}…`],
    ["x".repeat(100), `${"x".repeat(60)}…`],
  ])("[SE31] of %j is %j", (question, title) => {
    expect(toTitle(question)).toBe(title);
  });

  it("[SE31] never has half a character at its cut", () => {
    expect(toTitle("😀".repeat(80)).isWellFormed()).toBe(true);
    expect(toTitle(`x${"😀".repeat(80)}`).isWellFormed()).toBe(true);
  });
});

describe("texts of a socket", () => {
  it.each([
    ["x".repeat(MAX_FRAME_BYTES), false],
    ["x".repeat(MAX_FRAME_BYTES + 1), true],
    [`${"名".repeat((MAX_FRAME_BYTES - 1) / 3)}x`, false],
    [`${"名".repeat((MAX_FRAME_BYTES - 1) / 3)}xx`, true],
    ["😀".repeat(MAX_FRAME_BYTES / 4), false],
    [`${"😀".repeat(MAX_FRAME_BYTES / 4)}x`, true],
  ])("[SE15] are measured in bytes", (text, expected) => {
    expect(isLongerThan(text, MAX_FRAME_BYTES)).toBe(expected);
  });

  it.each([
    "short",
    "x".repeat(500),
    "名".repeat(500),
    `xx${"名".repeat(500)}`,
    "😀".repeat(500),
    `x${"😀".repeat(500)}`,
  ])("[SE14] a reason fits into a close frame", (text) => {
    const reason = toCloseReason(text);
    const bytes = new TextEncoder().encode(reason).byteLength;
    expect(text.startsWith(reason)).toBe(true);
    expect(reason.isWellFormed()).toBe(true);
    expect(bytes).toBeLessThanOrEqual(123);
    expect(reason === text || bytes > 119).toBe(true);
  });
});

describe("the copy of the chat that AI SDK's clients send along", () => {
  const says = (id: string, role: string, text: string): object => ({
    id,
    role,
    parts: [{ type: "text", text }],
  });
  const toFrame = (messages: readonly object[]): object => ({
    type: "send",
    requestId: "r1",
    id: "chat",
    trigger: "submit-message",
    messages,
  });
  const toSend = (earlier: readonly object[], question: string): string =>
    JSON.stringify(toFrame([...earlier, says("q", "user", question)]));
  const long = says("a", "assistant", "x".repeat(MAX_FRAME_BYTES));

  it.each([false, true])("[SE230] may be larger than a frame (live: %s)", (isLive) => {
    const read = readClientFrame(toSend([long, long], "What is salt?"), isLive);
    expect(read).toMatchObject({ ok: true, value: { type: "send", requestId: "r1" } });
  });

  it("[SE230] may have as many messages as over HTTP", () => {
    const many = Array.from({ length: 9_999 }, (_, at) => says(`m${at}`, "user", "and?"));
    expect(readClientFrame(toSend(many, "What is salt?"), false).ok).toBe(true);
    expect(
      readClientFrame(toSend([...many, says("m", "user", "and?")], "What is salt?"), false),
    ).toMatchObject({
      error: { code: 1008 },
    });
  });

  it("[SE277] is read where a chat looks: the newest 50, the last question, and the message that is named", () => {
    const many = Array.from({ length: 5_000 }, (_, at) => says(`m${at}`, "assistant", "well"));
    const copy = [
      ...many.slice(0, 100),
      says("asked", "user", "Hm?"),
      ...many.slice(100),
      { id: "a", role: "assistant", parts: [] },
    ];
    const text = JSON.stringify({ ...toFrame(copy), messageId: "m7", trigger: "regenerate-message" });
    for (const earlier of ["", "x".repeat(MAX_FRAME_BYTES)]) {
      const read = readClientFrame(text.replace('"well"', `"well${earlier}"`), false);
      if (!read.ok || read.value.type !== "send") throw new Error("it was not read");
      const ids = read.value.messages.map(({ id }) => id);
      expect([ids[0], ids[1], ids.at(-1), ids.length]).toEqual(["m7", "asked", "a", 1 + 1 + 4_900 + 1]);
    }
    const asked = readClientFrame(JSON.stringify(toFrame([...copy, says("q", "user", "And?")])), true);
    expect(asked).toMatchObject({ ok: true, value: { messages: { length: 50 } } });
  });

  it("[SE230] may have pictures of any size, which nobody looks at again", { timeout: 20_000 }, () => {
    const picture = {
      type: "file",
      mediaType: "image/png",
      url: `data:image/png;base64,${"A".repeat(3_000_000)}`,
    };
    const earlier = Array.from({ length: 7 }, (_, at) => ({ id: `p${at}`, role: "user", parts: [picture] }));
    const read = readClientFrame(
      toSend([...earlier, says("a", "assistant", "😀".repeat(100_000))], "And?"),
      false,
    );
    if (!read.ok || read.value.type !== "send") throw new Error("it was not read");
    const { messages } = read.value;
    expect(messages.map(({ parts }) => parts.length)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1]);
    expect(messages[7]?.parts[0]).toEqual({ type: "text", text: "😀".repeat(100_000) });
    expect(messages[8]).toEqual(says("q", "user", "And?"));
  });

  it(
    "[SE242] may not be larger than its question may be: whoever asks is told, and the socket stays",
    { timeout: 20_000 },
    () => {
      const file = {
        type: "file",
        mediaType: "text/plain",
        url: `data:text/plain,${"x".repeat(17_000_000)}`,
      };
      const isFile = toSend([], "").replace('"parts":[', `"parts":[${JSON.stringify(file)},`);
      const copy = toSend(
        Array.from({ length: 17 }, () => long),
        "What is salt?",
      );
      for (const frame of [isFile, copy]) {
        expect(readClientFrame(frame, false)).toEqual({
          ok: false,
          error: { requestId: "r1", reason: expect.stringMatching(/16777216 bytes.*attach them first/) },
        });
      }
      expect(readClientFrame(toSend([long], "x".repeat(MAX_FRAME_BYTES)), true)).toEqual({
        ok: false,
        error: {
          requestId: "r1",
          reason: expect.stringMatching(/without its files it may have 1048576 bytes/),
        },
      });
    },
  );

  it.each([
    [
      "of more than a question may have, of which nobody knows who asks",
      `{"messages":${toSend([long], "x".repeat(17_000_000)).slice(1)}`,
    ],
    ["that asks nothing", JSON.stringify({ type: "resume", requestId: "r", id: "c", metadata: long })],
    ["that cannot be read", `{${"x".repeat(MAX_FRAME_BYTES)}`],
  ])("[SE15] [SE230] a frame %s closes the socket", (_, text) => {
    expect(readClientFrame(text, false)).toMatchObject({ error: { code: 1009 } });
  });
});
