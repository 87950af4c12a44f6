/** Seeds that once broke a rule, by what was wrong. They are not thrown away when they pass. */
import { expect, it } from "vitest";
import { drawPlan, type SessionPlan } from "./session-plan.ts";
import { runSession } from "./run-session.ts";
import { SessionWorld } from "./session-world.ts";

it.each([
  ["[SM33] [SE21] seed 19: an edit that was sent again after its socket died was a second branch", 19],
  ["[SM31] [SE11] seed 34: a cursor on the stock wire was taken for one of whichever turn was running", 34],
  [
    "[SM33] [SE71] seed 30: a question behind one that was taken back hung beside it, and nobody was told",
    30,
  ],
  ["[SM38] [SE43] seed 6: fifty records of an outage are more than the queue takes in one call", 6],
  ["[SM30] [SE71] seed 38: who came while an answer was given again was not told what it stands beside", 38],
  [
    "[SM33] [SE72] seed 86: the newest message of a branch was not found behind a question that had waited",
    86,
  ],
  ["[SM30] [SE72] seed 471: an edit on a branch that was not shown showed it, and told nobody", 471],
  [
    "[SM30] [SE94] seed 208748: who had not loaded an old question was told that it is answered again, and stayed elsewhere",
    208_748,
  ],
  ["[SM34] [SE24] seed 903: a stop while every circuit was open ended the turn as failed", 903],
])("%s", { timeout: 30_000 }, async (_, seed) => {
  // Found before there were tools, and storage that is away: each would make another chat of it.
  const world = new SessionWorld(seed, { ...drawPlan(seed), hasTools: false, storageAway: [] });
  expect((await runSession(seed, world)).breaches).toEqual([]);
});

it.each([
  ["[SM31] [SE80] seed 53: a crash behind a call's output put the next step's words into the same step", 53],
  ["[SM38] [SE43] seed 5: a crash behind a step that had called tools lost that step's record", 5],
  ["[SM40] [SE43] seed 66: a call was made, and after a crash stood in no answer", 66],
  ["[SM35] [SE80] seed 52: a step that failed without a word made the words before it a failure", 52],
  [
    "[SM31] [SE78] seed 5708: a summary stood for a question alone, and another answer to it was asked with nothing",
    5_708,
  ],
])("%s", { timeout: 30_000 }, async (_, seed) => {
  const world = new SessionWorld(seed, { ...drawPlan(seed), storageAway: [] });
  expect((await runSession(seed, world)).breaches).toEqual([]);
});

it("[SM34] [SE270] seed 60258: an answer that had broken off, and was stopped while storage was away, ended as incomplete", async () => {
  expect((await runSession(60_258)).breaches).toEqual([]);
}, 30_000);

/** Titles take long, and the object dies as soon as something is handed over. */
function toSlowUpkeep(seed: number): SessionPlan {
  const plan = drawPlan(seed);
  const activeMs = 150_000;
  return {
    ...plan,
    activeMs,
    settings: { ...plan.settings, upkeepModel: "fast" },
    actsAtMs: [1_000, 3_000, 4_000],
    crashesAtMs: [],
    crashAfterFrame: 0,
    crashAfterWrite: 0,
    crashAfterRecord: 0.5,
    queueTrouble: 0,
    storageAway: [],
    troubles: [{ fromMs: 0, untilMs: activeMs, provider: null, share: 0.6, isCircuitOpen: false }],
  };
}

it.each([167, 228])(
  "[SM38] [SE43] slow titles, seed %i: a record that was written after the turn's alarm had fired was forgotten by a crash",
  { timeout: 30_000 },
  async (seed) => {
    expect((await runSession(seed, new SessionWorld(seed, toSlowUpkeep(seed)))).breaches).toEqual([]);
  },
);
