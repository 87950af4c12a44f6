/** The same request twice: by two clicks, or by a client that did not hear whether it arrived. */
import { describe, expect, it } from "vitest";
import type { AnswerEvent } from "../../../src/routing/run-plan.ts";
import { applyAnswerChunk, closeAnswerDraft, startAnswerDraft } from "../../../src/protocol/answer-parts.ts";
import { ChatWorld, say, think, toWords } from "./chat-world.ts";

describe("a request that is sent again", () => {
  it("[SE21] [SE11] on one socket is answered once: what it was sent already does not come twice", async () => {
    const world = new ChatWorld();
    const [live, stock] = [world.connect(true), world.connect(false)];
    world.ask(live, "r1", "20");
    world.ask(live, "r1", "20");
    await world.clock.advance(200);
    world.ask(live, "r1", "20");
    await world.finish();
    expect(live.sequencesOf("r1")).toEqual(live.sequencesOf("r1").map((_, index) => index));
    expect(live.textOf("r1")).toBe(toWords(20));
    world.ask(stock, "r2", "10");
    await world.clock.advance(100);
    world.ask(stock, "r2", "10");
    await world.finish();
    expect(stock.textOf("r2")).toBe(toWords(10));
    expect(world.path()).toEqual(["20", toWords(20), "10", toWords(10)]);
  });

  it("[SE21] an edit and a wish for another answer are one, from whichever socket they come again", async () => {
    const world = new ChatWorld();
    const [first, second] = [world.connect(true), world.connect(true)];
    world.ask(first, "r1", "3", { id: "q1" });
    await world.finish();
    for (const socket of [first, second]) world.ask(socket, "r2", "4", { id: "q1", messageId: "q1" });
    await world.finish();
    expect(world.path()).toEqual(["4", toWords(4)]);
    for (const socket of [first, second]) world.regenerate(socket, "r3");
    await world.finish();
    const answers = world.disk.all("select message_id from message where role = 'assistant'");
    expect(answers).toHaveLength(3);
  });

  it.each(["q1", "constructor", "__proto__"])(
    "[SE140] [SE143] as another answer, or as the same edit, of %s",
    async (id) => {
      const world = new ChatWorld();
      const socket = world.connect(false);
      const messages = (text: string) => [{ id, role: "user", parts: [{ type: "text", text }] }];
      const again = { type: "send", id: "chat", trigger: "regenerate-message" };
      world.send(socket, { ...again, requestId: "r1", messages: messages("3") });
      await world.finish();
      expect(world.path()).toEqual(["3", toWords(3)]);
      world.ask(socket, "r2", "4", { id, messageId: id });
      world.ask(socket, "r3", "4", { id, messageId: id });
      await world.finish();
      expect([socket.textOf("r2"), socket.textOf("r3")]).toEqual([toWords(4), toWords(4)]);
      world.send(socket, { ...again, requestId: "r4", messageId: id, messages: messages("4") });
      await world.finish();
      expect(world.path()).toEqual(["4", toWords(4)]);
      expect(world.calls).toHaveLength(3);
    },
  );

  it("[SE11] [SE12] a cursor on the stock wire belongs to the turn of its request, and to no other", async () => {
    const world = new ChatWorld();
    const stock = world.connect(false);
    world.ask(stock, "r1", "60");
    await world.clock.advance(400);
    const cursor = stock.sequencesOf("r1").length - 1;
    world.disconnect(stock);
    const other = world.connect(false);
    world.ask(other, "r2", "300");
    await world.clock.advance(2_000);
    const again = world.connect(false);
    world.resume(again, "r1", { lastSequence: cursor });
    await world.clock.advance(500);
    // The answer it was in has ended, and another one is being given: there is nothing to go on with.
    expect(again.types).toEqual(["no-active"]);
    expect(other.textOf("r2").length).toBeGreaterThan(0);
  });

  it.each([true, false])(
    "[SE269] [SE3] when its log is gone is answered with what is stored: live %s",
    async (live) => {
      const pieces: AnswerEvent[] = [think("Hm. "), say("One "), say("two.")];
      const world = new ChatWorld({ speak: () => ({ pieces, paceMs: 10 }) });
      const first = world.connect(live);
      world.ask(first, "r1", "count");
      await world.finish();
      world.ask(first, "r2", "again");
      await world.finish();
      const back = world.connect(live);
      world.ask(back, "r1", "count");
      world.ask(back, "r9", "count", { id: "user-r1" });
      await world.finish();
      expect(world.calls).toHaveLength(2);
      for (const requestId of ["r1", "r9"]) {
        const frames = back.frames.filter((frame) => "requestId" in frame && frame.requestId === requestId);
        expect(frames.map(({ type }) => type)).toEqual(["start", ...Array(10).fill("chunk"), "end"]);
        expect(back.sequencesOf(requestId)).toEqual(Array.from({ length: 10 }, (_, index) => index));
        const chunks = back
          .of("chunk")
          .flatMap((frame) => (frame.requestId === requestId ? [frame.chunk] : []));
        const draft = startAnswerDraft();
        for (const chunk of chunks) applyAnswerChunk(draft, chunk);
        const stored = world.chat.view.readNewest().messages[1];
        expect(closeAnswerDraft(draft)).toEqual(stored?.parts);
        expect(chunks[0]).toMatchObject({ type: "start", messageId: stored?.id });
        expect(chunks.at(-1)).toMatchObject({ type: "finish", messageMetadata: stored?.metadata });
      }
      // Coming back is not asking: a cursor of what is gone means nothing any more.
      world.resume(back, "r1");
      expect(back.frames.at(-1)).toEqual({ type: "no-active", requestId: "r1" });
    },
  );

  it("[SE269] says how an answer ended that was stopped", async () => {
    const world = new ChatWorld();
    const socket = world.connect(false);
    world.ask(socket, "r1", "50");
    await world.clock.advance(300);
    world.send(socket, { type: "abort", requestId: "r1" });
    await world.finish();
    world.ask(socket, "r2", "1");
    await world.finish();
    const back = world.connect(false);
    world.ask(back, "r1", "50");
    expect(back.of("chunk").at(-1)?.chunk).toEqual({ type: "abort" });
    expect(back.textOf("r1")).toBe(world.path()[1]);
  });
});
