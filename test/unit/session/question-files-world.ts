/** Where a question's files go in front of a chat's core, with a map for a bucket. */
import { createHash } from "node:crypto";
import { QuestionFiles, type QuestionFilesDeps } from "../../../src/session/files/question-files.ts";
import type { ChatWorld } from "./chat-world.ts";

/** Bytes by key. */
export type FakeBucket = Map<string, Uint8Array>;

/** For the life that the chat's object is in. */
export function openQuestionFiles(
  world: ChatWorld,
  bucket: FakeBucket,
  more: Partial<QuestionFilesDeps> = {},
): QuestionFiles {
  const { store } = world;
  return new QuestionFiles({
    extras: store.extras,
    readSessionId: () => (world.chat.isClosed ? null : (store.readSession()?.sessionId ?? null)),
    findAsked: (requestId) => store.findAsked(requestId),
    put: (key, bytes) => {
      bucket.set(key, bytes);
      return Promise.resolve();
    },
    remove: (keys) => {
      for (const key of keys) bucket.delete(key);
      return Promise.resolve();
    },
    nameBytes: (mediaType, bytes) =>
      `file_${createHash("sha256").update(mediaType).update(bytes).digest("hex").slice(0, 32)}`,
    nowMs: () => world.clock.nowMs(),
    noteFailure: (_, error) => world.failures.push(error),
    ...more,
  });
}
