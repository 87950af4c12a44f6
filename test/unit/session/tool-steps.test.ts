/** Steps of an answer that models drive further than they should: calls under one id, calls that were not offered. */
import { describe, expect, it } from "vitest";
import { say } from "./chat-world.ts";
import { openWordWorld, toCall } from "./word-world.ts";

describe("calls under one id", () => {
  it("[TL10] each ends in one of an output, an error and a no, and the answer goes on", async () => {
    const { world, runs } = openWordWorld([[toCall("c1", "search"), toCall("c1", "search")], [say("Done.")]]);
    world.ask(world.connect(true), "r1", "go");
    await world.finish(60_000);
    expect(runs).toEqual(["search", "search"]);
    expect(world.ended).toEqual(["turn_1 complete"]);
  });
});

describe("a model that calls tools whether they are offered or not", () => {
  it("[SE80] is asked eight times, and what it calls in the last step is left out", async () => {
    const { world, runs } = openWordWorld([[say("Again."), toCall("c1", "search")]]);
    world.ask(world.connect(true), "r1", "go");
    await world.finish(100_000);
    expect(world.calls).toHaveLength(8);
    expect(runs).toHaveLength(7);
    expect(world.ended).toEqual(["turn_1 complete"]);
  });

  it("[SE80] and the words of its last step stay", async () => {
    const speeches = Array.from({ length: 8 }, (_, step) => [say(`Step ${step}. `), toCall("c1", "search")]);
    const { world } = openWordWorld(speeches);
    world.ask(world.connect(true), "r1", "go");
    await world.finish(100_000);
    const answer = world.chat.view.readWithRunning(50).messages.at(-1);
    expect(JSON.stringify(answer?.parts)).toContain("Step 7.");
  });
});
