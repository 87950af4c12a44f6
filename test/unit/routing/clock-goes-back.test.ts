import { expect, it } from "vitest";
import { SelectionAttempt, SelectionRecord } from "../../../src/protocol/selection.ts";
import { begin, finish, say } from "../../fakes/scripted-provider.ts";
import { createPlanWorld } from "./plan-world.ts";

it("[RT30] a clock that goes back in mid-answer leaves a record that can be stored", async () => {
  const world = createPlanWorld({ a: [[begin, say("Hello"), say(" there"), finish()]] });
  const turn = world.begin();
  await turn.next();
  world.clock.jump(-5_000);
  for (;;) {
    const next = await turn.next();
    if (next.done !== true) continue;
    expect(SelectionRecord.shape.durationMs.safeParse(next.value.durationMs)).toMatchObject({
      success: true,
    });
    return;
  }
});

it("[RT30] a clock that goes back before the first word leaves an attempt that can be stored", async () => {
  const world = createPlanWorld({ a: [[begin, say("Hello"), finish()]] });
  const turn = world.begin();
  const first = turn.next();
  world.clock.jump(-5_000);
  await first;
  for (;;) {
    const next = await turn.next();
    if (next.done !== true) continue;
    expect(next.value.attempts.map((attempt) => SelectionAttempt.safeParse(attempt).success)).toEqual([true]);
    return;
  }
});
