/** The HTTP answers of a chat whose storage is away when it is asked. */
import { expect, test } from "vitest";
import { ChatStreams } from "../../../durable-objects/chat-streams.ts";
import { succeed } from "../../../src/base/result.ts";
import type { ChatQuestion } from "../../../src/protocol/chat-question.ts";
import type { QuestionFiles } from "../../../src/session/files/question-files.ts";
import { ChatWorld, toWords } from "./chat-world.ts";

const NO_FILES: Pick<QuestionFiles, "ask"> = {
  ask: (frame, ask) => {
    ask(frame);
    return Promise.resolve(succeed(null));
  },
};

const question: ChatQuestion = {
  requestId: "r1",
  trigger: "submit-message",
  messages: [{ id: "q1", role: "user", parts: [{ type: "text", text: "count 3" }] }],
  body: {},
};

test("[SE278] leave nothing behind: no place is taken, and nothing keeps the object awake", async () => {
  const world = new ChatWorld();
  const left = { read: () => null, write: () => undefined };
  const streams = new ChatStreams(world.clock, left, NO_FILES);
  const append = world.store.messages.append.bind(world.store.messages);
  world.store.messages.append = () => {
    throw new Error("storage is away");
  };
  // One more than there may be at once.
  for (let count = 0; count < 201; count += 1) {
    await expect(streams.ask(world.chat, question)).rejects.toThrow("storage is away");
  }
  expect(world.clock.pendingTimers).toBe(0);
  world.store.messages.append = append;
  const reply = await world.clock.runUntil(streams.ask(world.chat, question));
  await world.finish();
  expect([reply.type, world.path()]).toEqual(["answer", ["count 3", toWords(3)]]);
});
