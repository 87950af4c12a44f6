/** The small parts of a chat: what it is called, what a socket takes. */
import { describe, expect, it } from "vitest";
import { MAX_FRAME_BYTES } from "../../../src/protocol/session-frame.ts";
import { isLongerThan, toCloseReason } from "../../../src/session/frame-text.ts";
import { toTitle, UNTITLED } from "../../../src/session/title.ts";

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
