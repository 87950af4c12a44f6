/** A stored answer told as a stream gives the same message again. */
import { describe, expect, it } from "vitest";
import {
  applyAnswerChunk,
  closeAnswerDraft,
  startAnswerDraft,
} from "../../../../src/protocol/answer-parts.ts";
import { AnswerChunk } from "../../../../src/protocol/answer-chunk.ts";
import type { Receipt } from "../../../../src/protocol/answer.ts";
import type { StoredMessage } from "../../../../src/protocol/session-frame.ts";
import { toAnswerChunks } from "../../../../src/session/log/to-answer-chunks.ts";
import { RECEIPT, toMessage } from "../answer-fixtures.ts";

const toTool = (toolCallId: string, more: object) => ({
  type: "dynamic-tool",
  toolCallId,
  toolName: "send",
  input: { to: toolCallId },
  ...more,
});
const PARTS: StoredMessage["parts"] = [
  { type: "step-start" },
  { type: "reasoning", text: "Hm.", state: "done" },
  { type: "text", text: "Let me see.", state: "done" },
  toTool("c1", { state: "output-available", output: { found: 1 } }),
  toTool("c2", { state: "output-error", errorText: "It is away." }),
  toTool("c3", { state: "output-denied", approval: { id: "a3", approved: false } }),
  toTool("c4", { state: "output-available", output: "sent", approval: { id: "a4", approved: true } }),
  toTool("c5", { state: "output-error", errorText: "It was stopped.", approval: { id: "a5" } }),
  { type: "step-start" },
  { type: "text", text: "It is sent.", state: "done" },
  toTool("c6", { state: "input-available" }),
];

const tell = (parts: StoredMessage["parts"], changes: Partial<Receipt> = {}) => {
  const receipt: Receipt = { ...RECEIPT, status: "complete", finishReason: "stop", ...changes };
  return toAnswerChunks({ ...toMessage("a1", "assistant", parts), metadata: receipt }, receipt);
};

describe("an answer that is told as it is stored", () => {
  it("[SE269] [SE3] gives the same message when it is put together", () => {
    const chunks = tell(PARTS).map((chunk) => AnswerChunk.parse(chunk));
    const draft = startAnswerDraft();
    for (const chunk of chunks) applyAnswerChunk(draft, chunk);
    expect(closeAnswerDraft(draft)).toEqual(PARTS);
    expect(chunks.filter(({ type }) => type === "finish-step")).toHaveLength(2);
    expect(chunks.at(-1)).toMatchObject({ type: "finish", finishReason: "stop" });
  });

  it("[SE269] [SE1] ends as it ended", () => {
    const ends = (["incomplete", "failed", "cancelled"] as const).map((status) =>
      tell(PARTS, { status, notice: `It is ${status}.` }).slice(-2),
    );
    const metadata = { type: "message-metadata", messageMetadata: expect.anything() };
    expect(ends).toEqual([
      [metadata, { type: "error", errorText: "It is incomplete." }],
      [metadata, { type: "error", errorText: "It is failed." }],
      [metadata, { type: "abort" }],
    ]);
  });

  it("[SE269] leaves out what only another version knows", () => {
    const types = tell([{ type: "hologram" }, { type: "text", text: "Well.", state: "done" }]).map(
      ({ type }) => type,
    );
    expect(types).toEqual(["start", "text-start", "text-delta", "text-end", "finish"]);
  });
});
