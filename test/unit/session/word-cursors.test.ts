/** Clients of the stock wire that come back to an answer which they have brought a word to. */
import { describe, expect, it } from "vitest";
import { toCopyWithWords } from "../../fakes/answer-copy.ts";
import { applyAnswerChunk, startAnswerDraft } from "../../../src/protocol/answer-parts.ts";
import { say, type ChatWorld } from "./chat-world.ts";
import type { FakeSocket } from "./session-fakes.ts";
import { openWordWorld, toCall } from "./word-world.ts";

/** A client has said its word under r2, and been told so many chunks since. */
async function openSpokenWorld() {
  const { world } = openWordWorld([
    [say("I shall send. "), toCall("c1", "send")],
    [say("It "), say("has "), say("been "), say("sent "), say("well.")],
  ]);
  const first = world.connect(false);
  world.ask(first, "r1", "go");
  await world.clock.advance(1_000);
  const draft = startAnswerDraft();
  for (const { chunk } of first.of("chunk")) applyAnswerChunk(draft, chunk);
  const start = first.of("chunk")[0]?.chunk;
  const messageId = start?.type === "start" ? start.messageId : "";
  const copy = toCopyWithWords(messageId, draft.parts, new Map([["appr_1", true]]));
  const second = world.connect(false);
  const messages = [{ id: "user-r1", role: "user", parts: [{ type: "text", text: "go" }] }, copy];
  const frame = { type: "send", requestId: "r2", id: "chat", trigger: "submit-message", messages };
  world.send(second, { ...frame, messageId });
  return { world, first, second };
}

const readLog = (world: ChatWorld): unknown[] =>
  world.store
    .openStreamLog(world.store.readLastTurn()?.position ?? -1)
    .readAll()
    .map((text): unknown => JSON.parse(text));

const toldTo = (socket: FakeSocket) => socket.of("chunk").map(({ sequence, chunk }) => ({ sequence, chunk }));
const comeBack = (world: ChatWorld, socket: FakeSocket, lastSequence?: number): void =>
  world.send(socket, {
    type: "resume",
    requestId: "r2",
    id: "chat",
    ...(lastSequence === undefined ? {} : { lastSequence }),
  });

describe("a cursor of a request that brought a word", () => {
  it.each([0, 10_000])(
    "[SE170] is counted as that request was, %i ms later: nothing comes twice",
    async (ms) => {
      const { world, first, second } = await openSpokenWorld();
      await world.clock.advance(30);
      const had = second.of("chunk").slice(0, 2);
      world.chat.removeSocket(second);
      await world.clock.advance(ms);
      const back = world.connect(false);
      comeBack(world, back, had.at(-1)?.sequence);
      await world.finish();
      expect(back.types.at(-1)).toBe("end");
      const rest = toldTo(back);
      expect([...first.of("chunk"), ...had, ...rest].map(({ chunk }) => chunk)).toEqual(readLog(world));
      expect(rest.map(({ sequence }) => sequence)).toEqual(rest.map((_, index) => index + had.length));
    },
  );

  it("[SE170] is never one of another answer", async () => {
    const { world } = await openSpokenWorld();
    await world.finish();
    world.ask(world.connect(false), "r3", "And then?");
    await world.clock.advance(20);
    const back = world.connect(false);
    comeBack(world, back, 1);
    expect(back.types).toEqual(["no-active"]);
  });

  it("[SE170] that is left out means the whole answer, numbered from 0 on the same socket too", async () => {
    const { world, second } = await openSpokenWorld();
    await world.clock.advance(30);
    const before = second.of("chunk").length;
    comeBack(world, second);
    await world.finish();
    const again = toldTo(second).slice(before);
    expect(again.map(({ chunk }) => chunk)).toEqual(readLog(world));
    expect(again.map(({ sequence }) => sequence)).toEqual(again.map((_, index) => index));
  });
});
