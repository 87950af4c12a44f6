/** How much the tools of one answer may give together. */
import { describe, expect, it } from "vitest";
import type { AnswerChunk } from "../../../src/protocol/answer-chunk.ts";
import { MAX_ANSWER_OUTPUT_BYTES, OutputRoom } from "../../../src/tools/output-room.ts";

const toOutput = (output: unknown): AnswerChunk => ({
  type: "tool-output-available",
  toolCallId: "c1",
  output,
  dynamic: true,
});

const sizeOf = (chunk: AnswerChunk): number =>
  chunk.type === "tool-output-available" ? Buffer.byteLength(JSON.stringify(chunk.output)) : 0;

describe("the room for outputs", () => {
  it.each([
    ["plain text", "x".repeat(65_000)],
    ["characters that JSON writes longer", "\u0001".repeat(65_000)],
    ["objects", { text: '"'.repeat(30_000) }],
  ])("[SE112] holds what fits as it is, and then cuts: %s", (_, output) => {
    const room = new OutputRoom([]);
    expect(room.fit(toOutput(output))).toEqual(toOutput(output));
    let bytes = sizeOf(toOutput(output));
    for (let call = 1; call < 40; call += 1) bytes += sizeOf(room.fit(toOutput(output)));
    expect(bytes).toBeGreaterThan(MAX_ANSWER_OUTPUT_BYTES * 0.9);
    // What is cut to nothing still says so.
    expect(bytes).toBeLessThan(MAX_ANSWER_OUTPUT_BYTES + 40 * 100);
    expect(JSON.stringify(room.fit(toOutput(output)))).toContain("Cut here: the whole is");
  });

  it("[SE112] counts errors, and what an earlier life of the turn has told", () => {
    const tool = { type: "dynamic-tool", toolCallId: "c0", toolName: "read", input: {} } as const;
    const room = new OutputRoom([
      { ...tool, state: "output-available", output: "x".repeat(600_000) },
      { ...tool, state: "output-error", errorText: "x".repeat(399_000) },
    ]);
    const errorText = "x".repeat(2_000);
    const told = room.fit({ type: "tool-output-error", toolCallId: "c1", errorText, dynamic: true });
    expect(told).toMatchObject({ errorText: expect.stringContaining("Cut here: the whole is 2000 bytes") });
    const other: AnswerChunk = { type: "tool-output-denied", toolCallId: "c1" };
    expect(room.fit(other)).toBe(other);
  });
});
