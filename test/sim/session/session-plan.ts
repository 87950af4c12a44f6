/** What one simulated chat goes through, drawn from its seed: who is there, what goes wrong and when. Pure. */
import type { Random } from "../../../src/base/random.ts";
import { between, pick, pickWeighted, streamOf } from "./chance.ts";

export const CLIENT_KINDS = ["stock", "stock-cursor", "live", "live-stuck", "live-sleeper"] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

export interface ClientPlan {
  readonly name: string;
  readonly kind: ClientKind;
  readonly latencyMs: number;
  readonly comesAtMs: number;
}

/** How the installation is set up. */
export interface SessionSettings {
  readonly continuesAfterCrash: boolean;
  readonly turnMs: number;
  readonly contextTokens: number;
  readonly upkeepModel: string | null;
  readonly hedging: boolean;
}

/** While it lasts, providers fail in this share of their calls, or the circuit of one is open. */
export interface Trouble {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Null: all of them. */
  readonly provider: string | null;
  readonly share: number;
  readonly isCircuitOpen: boolean;
}

export interface SessionPlan {
  readonly seed: number;
  /** Until then things go wrong; then everything is well and everybody stays. */
  readonly activeMs: number;
  readonly settings: SessionSettings;
  readonly clients: readonly ClientPlan[];
  /** When somebody does something; two at the same moment where a time stands twice. */
  readonly actsAtMs: readonly number[];
  readonly crashesAtMs: readonly number[];
  readonly evictionsAtMs: readonly number[];
  readonly troubles: readonly Trouble[];
  /** The queue refuses in this share of the calls. */
  readonly queueTrouble: number;
  /** Now and then the object dies in the moment after somebody said something. */
  readonly crashAfterFrame: number;
  /** … or in the moment after it has begun to hand a record over. */
  readonly crashAfterRecord: number;
  /** … or right behind a transaction, before whatever was to follow in the same event. */
  readonly crashAfterWrite: number;
  /** For so long the log of a running answer cannot be written, nor its end: less than what an end is tried for. */
  readonly storageAway: readonly { readonly fromMs: number; readonly untilMs: number }[];
  /** Messages that the chat has from before. */
  readonly oldMessages: number;
  /** Records from before that the queue has not taken yet. */
  readonly oldRecords: number;
  readonly hasHugeAnswers: boolean;
  /** Models are offered tools, and some questions make them call some. */
  readonly hasTools: boolean;
}

export function drawPlan(seed: number): SessionPlan {
  const random = streamOf(seed, "plan");
  const activeMs = between(random, 15_000, 90_000);
  const hasHugeAnswers = random() < 0.04;
  const clients = drawClients(random, activeMs, hasHugeAnswers);
  return {
    seed,
    activeMs,
    settings: drawSettings(random),
    clients,
    actsAtMs: drawActs(random, activeMs, clients.length),
    crashesAtMs: drawCrashes(random, activeMs),
    evictionsAtMs: drawTimes(random, activeMs, pick(random, [0, 2, 8])),
    troubles: drawTroubles(random, activeMs),
    queueTrouble: pick(random, [0, 0, 0.2, 0.7]),
    crashAfterFrame: pick(random, [0, 0, 0, 0.05]),
    crashAfterRecord: pick(random, [0, 0, 0, 0.2]),
    crashAfterWrite: pick(random, [0, 0, 0, 0.004]),
    storageAway: drawStorageAway(streamOf(seed, "storage"), activeMs),
    oldMessages: random() < 0.06 ? between(random, 20, 160) : 0,
    oldRecords: random() < 0.02 ? between(random, 40, 130) : 0,
    hasHugeAnswers,
    hasTools: streamOf(seed, "tools")() < 0.4,
  };
}

function drawSettings(random: Random): SessionSettings {
  return {
    continuesAfterCrash: random() < 0.85,
    turnMs: pick(random, [900_000, 900_000, 900_000, 60_000, 20_000]),
    contextTokens: pick(random, [24_000, 24_000, 2_000]),
    upkeepModel: random() < 0.5 ? "fast" : null,
    hedging: random() < 0.3,
  };
}

function drawClients(random: Random, activeMs: number, hasHugeAnswers: boolean): ClientPlan[] {
  const count = pick(random, [1, 2, 2, 3, 3, 4, 5]);
  return Array.from({ length: count }, (_, index) => {
    const kind = hasHugeAnswers && index === 0 ? "live-stuck" : drawKind(random);
    return {
      name: `${kind}-${index + 1}`,
      kind,
      latencyMs: pick(random, [3, 20, 20, 60, 180]),
      comesAtMs: random() < 0.6 ? 0 : between(random, 0, activeMs / 2),
    };
  });
}

function drawKind(random: Random): ClientKind {
  return pickWeighted<ClientKind>(random, [
    [2, "stock"],
    [2, "stock-cursor"],
    [4, "live"],
    [1, "live-stuck"],
    [2, "live-sleeper"],
  ]);
}

/** Some of them in the same moment as the one before. */
function drawActs(random: Random, activeMs: number, clients: number): number[] {
  const acts: number[] = [];
  const perMinute = pick(random, [10, 20, 40]) * (1 + clients / 3);
  let atMs = between(random, 50, 2_000);
  while (atMs < activeMs) {
    acts.push(atMs);
    if (random() < 0.15) acts.push(atMs);
    atMs += Math.round((-Math.log(1 - random()) * 60_000) / perMinute);
  }
  return acts;
}

/** Alone, or several in a row: what comes back up dies again. */
function drawCrashes(random: Random, activeMs: number): number[] {
  const times = drawTimes(random, activeMs, pick(random, [0, 1, 2, 3, 6]));
  if (random() < 0.85) return times;
  const firstMs = between(random, 1_000, activeMs);
  const everyMs = pick(random, [150, 900, 4_000]);
  const burst = Array.from({ length: between(random, 2, 6) }, (_, index) => firstMs + index * everyMs);
  return [...times, ...burst.filter((atMs) => atMs < activeMs)];
}

function drawTimes(random: Random, activeMs: number, most: number): number[] {
  return Array.from({ length: between(random, 0, most + 1) }, () => between(random, 500, activeMs));
}

function drawStorageAway(random: Random, activeMs: number): SessionPlan["storageAway"] {
  if (random() < 0.7) return [];
  const away: { fromMs: number; untilMs: number }[] = [];
  for (let fromMs = between(random, 0, 8_000); fromMs < activeMs; fromMs += between(random, 8_000, 20_000)) {
    away.push({ fromMs, untilMs: fromMs + between(random, 100, 3_500) });
  }
  return away;
}

function drawTroubles(random: Random, activeMs: number): Trouble[] {
  const always = { fromMs: 0, untilMs: activeMs, provider: null, isCircuitOpen: false };
  const share = pick(random, [0, 0.1, 0.25, 0.5, 0.8]);
  const troubles: Trouble[] = share === 0 ? [] : [{ ...always, share }];
  for (const provider of ["alpha", "beta", "gamma", null]) {
    if (random() >= 0.2) continue;
    const fromMs = between(random, 0, activeMs);
    const untilMs = Math.min(activeMs, fromMs + between(random, 1_000, 30_000));
    const isCircuitOpen = random() < 0.4;
    troubles.push({ fromMs, untilMs, provider, share: 1, isCircuitOpen });
  }
  return troubles;
}
