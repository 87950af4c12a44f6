/** A minute's questions over a chat's sockets. Over HTTP the Worker counts them: test/unit/http/ai-sdk/question-limit.test.ts. */
import { describe, expect, it } from "vitest";
import { CallBudget } from "../../../../src/routing/budgets/call-budget.ts";
import { ChatWorld } from "../chat-world.ts";

describe("one question too many", () => {
  it.each([true, false])("[HT360] is refused in words and leaves nothing (live: %s)", async (live) => {
    const world = new ChatWorld({ callBudget: new CallBudget(2) });
    const socket = world.connect(live);
    world.ask(socket, "r1", "2");
    world.ask(socket, "r2", "3");
    world.ask(socket, "r3", "4");
    await world.finish();
    expect(socket.of("error")).toEqual([
      {
        type: "error",
        requestId: "r3",
        errorText: "This organization may ask 2 questions a minute. Ask again in 30 s.",
      },
    ]);
    expect(world.calls).toHaveLength(2);
    expect(world.path()).toEqual(["2", "w0 w1 ", "3", "w0 w1 w2 "]);
    expect(world.log.of("rate_limit_exceeded")).toMatchObject([{ fields: { request_id: "r3" } }]);
  });

  it("[HT360] may be asked when the time that was named is over, and coming back is no question", async () => {
    const world = new ChatWorld({ callBudget: new CallBudget(1) });
    const socket = world.connect(true);
    world.ask(socket, "r1", "2");
    await world.finish();
    for (let again = 0; again < 5; again += 1) world.resume(socket, `resume-${again}`);
    world.ask(socket, "r2", "3");
    expect(socket.of("error")).toMatchObject([{ requestId: "r2" }]);
    await world.clock.advance(60_000);
    world.ask(socket, "r3", "3");
    await world.finish();
    expect(world.path()).toEqual(["2", "w0 w1 ", "3", "w0 w1 w2 "]);
  });
});
