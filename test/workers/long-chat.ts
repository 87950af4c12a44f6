/** Fills a chat with rows, as a year of use would: faster than asking, and with parts that no stand-in gives. */
import { runInDurableObject } from "cloudflare:test";
import type { Chat } from "./sandbox-people.ts";

const FIRST_MS = Date.parse("2026-01-01T00:00:00.000Z");

/** What stands in an answer and its receipt and is not for strangers. */
export const PRIVATE = {
  thought: "a thought that nobody else reads",
  reason: "a reason that nobody else reads",
  requested: "requested-by-the-owner",
  fileName: "owners-file.png",
  selectionId: "sel_secret",
  turnId: "turn_secret",
  cost: 987_654_321,
} as const;

export const toId = (index: number): string => `m${String(index).padStart(5, "0")}`;

const RECEIPT = {
  status: "complete",
  turnId: PRIVATE.turnId,
  selectionId: PRIVATE.selectionId,
  requested: [PRIVATE.requested],
  legs: [
    {
      provider: "openai",
      model: "gpt-6-luna",
      usage: {
        inputTokens: 10,
        cachedInputTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 5,
        reasoningTokens: 2,
      },
      costMicroUsd: PRIVATE.cost,
      estimated: false,
    },
  ],
  attempts: 1,
  firstTokenMs: 10,
  durationMs: 20,
  costMicroUsd: PRIVATE.cost,
  sandbox: true,
  notice: null,
  reasons: [PRIVATE.reason],
  createdAt: new Date(FIRST_MS).toISOString(),
};

/** Questions and answers in turn, one below the other, from `toId(1)` to `toId(count)`, which the chat then shows. */
export async function fillChat(chat: Chat, count: number, words = 1): Promise<void> {
  const file = {
    type: "file",
    mediaType: "image/png",
    filename: PRIVATE.fileName,
    url: `${chat.path}/attachments/file_1`,
  };
  const question = [file, { type: "text", text: `Question ${"ß".repeat(words)}`, state: "done" }];
  const answer = [
    { type: "step-start" },
    { type: "reasoning", text: PRIVATE.thought, state: "done" },
    { type: "text", text: `Answer ${"word ".repeat(words)}`, state: "done" },
  ];
  await runInDurableObject(chat.stub(), (_, { storage }) => {
    storage.sql.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO message (message_id, parent_id, role, parts, metadata, created_at_ms)
       SELECT printf('m%05d', i), CASE i WHEN 1 THEN NULL ELSE printf('m%05d', i - 1) END,
              iif(i % 2, 'user', 'assistant'), iif(i % 2, ?2, ?3), iif(i % 2, NULL, ?4), ?5 + i
       FROM n`,
      count,
      JSON.stringify(question),
      JSON.stringify(answer),
      JSON.stringify(RECEIPT),
      FIRST_MS,
    );
    // A fresh object has not read this row yet.
    storage.sql.exec("UPDATE session SET leaf_message_id = ?", toId(count));
  });
}
