/** The small parts of a chat: who follows, what is prompted, what it is called, what a socket takes. */
import { describe, expect, it } from "vitest";
import { MAX_FRAME_BYTES, ServerFrame } from "../../../src/protocol/session-frame.ts";
import { Followers } from "../../../src/session/followers.ts";
import { isLongerThan, toCloseReason } from "../../../src/session/frame-text.ts";
import { toTitle, UNTITLED } from "../../../src/session/title.ts";
import { toMessageText, toPrompt } from "../../../src/session/to-prompt.ts";
import { toMessage } from "./answer-fixtures.ts";

class Sink {
  readonly frames: ServerFrame[] = [];

  send(text: string): void {
    this.frames.push(ServerFrame.parse(JSON.parse(text)));
  }
}

describe("followers", () => {
  it("[SE10] [SE11] get every chunk under their own request id, once for each", () => {
    const followers = new Followers<Sink>();
    const [one, two, stranger] = [new Sink(), new Sink(), new Sink()];
    followers.add('r"1', one);
    followers.add("r2", two);
    followers.add("r2", two);
    followers.add("r3", two);
    followers.sendStart();
    followers.sendChunks({ firstSequence: 4, chunks: ['{"type":"abort"}'] });
    followers.end();
    followers.sendChunks({ firstSequence: 5, chunks: ['{"type":"abort"}'] });
    const toFrames = (requestId: string) => [
      { type: "start", requestId },
      { type: "chunk", requestId, sequence: 4, chunk: { type: "abort" } },
      { type: "end", requestId },
    ];
    expect(one.frames).toEqual(toFrames('r"1'));
    const byId = (id: string) => two.frames.filter((frame) => frame.requestId === id);
    expect([byId("r2"), byId("r3")]).toEqual([toFrames("r2"), toFrames("r3")]);
    expect(stranger.frames).toEqual([]);
  });

  it("[SE16] [SE24] are known by id and socket together, and can leave one id or all", () => {
    const followers = new Followers<Sink>();
    const [one, two] = [new Sink(), new Sink()];
    followers.add("r1", one);
    followers.add("r2", one);
    followers.add("r1", two);
    expect([followers.has("r1", one), followers.has("r2", two), followers.has("r9", one)]).toEqual([
      true,
      false,
      false,
    ]);
    followers.remove(one, "r1");
    expect([followers.has("r1", one), followers.has("r2", one), followers.has("r1", two)]).toEqual([
      false,
      true,
      true,
    ]);
    followers.remove(one);
    followers.sendStart();
    expect([one.frames.length, two.frames.length]).toEqual([0, 1]);
  });
});

describe("the prompt", () => {
  it("[SE6] holds the path oldest first, without reasoning and without answers that say nothing", () => {
    const path = [
      toMessage("q1", "user", [
        { type: "text", text: "One" },
        { type: "file", url: "x" },
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

describe("the name", () => {
  it.each([
    ["What is salt?", "What is salt?"],
    ["\n\n  ## **What** is\tsalt?  \nSecond line", "What is salt?"],
    ["```\ncode", "code"],
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
