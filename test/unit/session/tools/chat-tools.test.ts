/** A chat whose models call tools: the steps of an answer, and a crash in the middle of a call. */
import { describe, expect, it } from "vitest";
import type { Clock } from "../../../../src/base/clock.ts";
import { succeed } from "../../../../src/base/result.ts";
import type { AnswerEvent } from "../../../../src/routing/run-plan.ts";
import type { TurnRunnerDeps } from "../../../../src/session/turn/turn-runner-deps.ts";
import { createToolRegistry } from "../../../../src/tools/registry.ts";
import { runToolCalls } from "../../../../src/tools/run-tool-calls.ts";
import type { ServerTool } from "../../../../src/tools/tool.ts";
import { ChatWorld, say, textOf } from "../chat-world.ts";

const CALL: AnswerEvent = { type: "tool-call", toolCallId: "c1", toolName: "send", input: '{"to":"ada"}' };
const TOOL_MS = 5_000;

/** A tool that takes its time and counts how often it was run. */
function toTool(clock: Clock, runs: string[], isRepeatable: boolean): ServerTool {
  return {
    name: "send",
    description: "Sends something.",
    inputSchema: { type: "object", properties: { to: { type: "string" } } },
    needsApproval: false,
    isRepeatable,
    run: async () => {
      runs.push("begun");
      await clock.sleep(TOOL_MS);
      runs.push("done");
      return succeed("sent");
    },
  };
}

function openWorld(isRepeatable: boolean): { world: ChatWorld; runs: string[] } {
  const runs: string[] = [];
  const runTools =
    (clock: Clock): TurnRunnerDeps["runTools"] =>
    async (live, calls, tell) => {
      const registry = createToolRegistry([toTool(clock, runs, isRepeatable)]);
      if (!registry.ok) throw new Error(registry.error);
      await runToolCalls(
        {
          registry: registry.value,
          tell,
          store: () => live.log.save(),
          waitForApproval: () => Promise.resolve(true),
          newApprovalId: () => "a1",
          clock,
          signal: live.controller.signal,
          openBeforeCrash: live.openBeforeCrash,
          noteFault: () => {},
        },
        calls,
      );
    };
  const world: ChatWorld = new ChatWorld({
    runTools,
    speak: () => ({ pieces: world.calls.length === 1 ? [CALL] : [say("It is done.")], paceMs: 10 }),
  });
  return { world, runs };
}

const lastAnswer = (world: ChatWorld) => world.chat.view.readNewest(10).messages.at(-1);

describe("tools", () => {
  it("[SE80] the model is told what the call gave, in a further step of the same answer", async () => {
    const { world, runs } = openWorld(true);
    world.ask(world.connect(true), "r1", "send it");
    await world.finish();
    const answer = lastAnswer(world);
    expect(runs).toEqual(["begun", "done"]);
    expect(answer?.parts.map(({ type }) => type)).toEqual([
      "step-start",
      "dynamic-tool",
      "step-start",
      "text",
    ]);
    expect(answer?.parts[1]).toMatchObject({ state: "output-available", output: "sent" });
    expect(textOf(answer?.parts ?? [])).toBe("It is done.");
    expect(world.calls[1]?.call.prompt.at(-1)).toMatchObject({
      role: "tool",
      content: [{ type: "tool-result", toolName: "send", output: { type: "text", value: "sent" } }],
    });
    expect(new Set(world.calls.map(({ selectionId }) => selectionId)).size).toBe(2);
  });

  it("[SE47] a crash in the middle of a call that may be repeated: it is made again", async () => {
    const { world, runs } = openWorld(true);
    world.ask(world.connect(true), "r1", "send it");
    await world.clock.advance(2_000);
    world.crash();
    await world.finish();
    expect(runs).toEqual(["begun", "begun", "done"]);
    expect(lastAnswer(world)?.parts[1]).toMatchObject({ state: "output-available", output: "sent" });
    expect(lastAnswer(world)?.metadata?.status).toBe("complete");
  });

  it("[SE47] of any other the model is told that nobody knows whether it happened", async () => {
    const { world, runs } = openWorld(false);
    world.ask(world.connect(true), "r1", "send it");
    await world.clock.advance(2_000);
    world.crash();
    await world.finish();
    expect(runs).toEqual(["begun"]);
    const answer = lastAnswer(world);
    expect(answer?.parts[1]).toMatchObject({
      state: "output-error",
      errorText: expect.stringContaining("not known whether the tool ran"),
    });
    expect(textOf(answer?.parts ?? [])).toBe("It is done.");
  });

  it("[SE80] a stop in the middle of a call ends the answer as cancelled", async () => {
    const { world } = openWorld(true);
    const socket = world.connect(true);
    world.ask(socket, "r1", "send it");
    await world.clock.advance(1_000);
    world.send(socket, { type: "stop" });
    await world.finish();
    expect(lastAnswer(world)?.metadata?.status).toBe("cancelled");
  });
});
