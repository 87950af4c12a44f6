/**
 * What must hold in every simulated world, whatever goes wrong in it: each check gives a sentence for each breach.
 * Rules SM1 to SM8 and SM19.
 */
import type { TokenUsage } from "../../src/protocol/answer.ts";
import { HEDGE_BUDGET_POLICY } from "../../src/routing/budgets/hedge-budget.ts";
import { RETRY_BUDGET_POLICY } from "../../src/routing/budgets/retry-budget.ts";
import type { Span } from "./behaviour.ts";
import { listRetries, sum } from "./figures.ts";
import { priceUsage } from "./price-list.ts";
import type { WorldResult } from "./sim-world.ts";

export interface InvariantLimits {
  /** While these last no candidate is healthy, so requests may fail. */
  readonly failuresAllowed: readonly Span[];
}

export function findBreaches(result: WorldResult, limits: InvariantLimits): string[] {
  return [
    ...result.bugs.map((bug) => `[SM8] ${bug}`),
    ...checkNobodyFails(result, limits),
    ...checkOneProbe(result),
    ...checkRetryBudget(result),
    ...checkHedgeBudget(result),
    ...checkLedger(result),
    ...checkRecords(result),
    ...checkLegs(result),
    ...checkTexts(result),
    ...checkTransitions(result),
  ];
}

function checkNobodyFails({ requests }: WorldResult, { failuresAllowed }: InvariantLimits): string[] {
  return requests
    .filter(({ record }) => record.status === "failed")
    .filter(({ atMs }) => !failuresAllowed.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs))
    .map(({ atMs, isolate, record }) => {
      const tried = record.attempts.map(({ provider, model, error }) => `${provider}/${model}: ${error}`);
      const notTried = record.candidates.filter(({ place }) => place === null);
      const skipped = notTried.map(
        ({ provider, model, reason }) => `${provider}/${model} not tried: ${reason}`,
      );
      const told = [...tried, ...skipped].join("; ");
      return `[SM1] a request at ${Math.round(atMs)} ms on ${isolate} failed while a candidate was healthy (${told})`;
    });
}

/** In half-open one probe at a time is let through; one that began before the trip may still be under way. */
function checkOneProbe({ probes }: WorldResult): string[] {
  const breaches: string[] = [];
  for (const [index, probe] of probes.entries()) {
    if (!probe.halfOpen) continue;
    const other = probes.find(
      (candidate, place) =>
        place !== index &&
        candidate.halfOpen &&
        candidate.object === probe.object &&
        candidate.startedAtMs <= probe.startedAtMs &&
        (candidate.endedAtMs === null || candidate.endedAtMs > probe.startedAtMs) &&
        (candidate.startedAtMs < probe.startedAtMs || place < index),
    );
    if (other !== undefined) {
      breaches.push(
        `[SM3] ${probe.object}: two probes at once at ${Math.round(probe.startedAtMs)} ms, half-open`,
      );
    }
  }
  return breaches;
}

/** Per isolate and provider: what first tries earned, what it began with, and what time gave back below that. */
function checkRetryBudget({ requests, plan }: WorldResult): string[] {
  const { earnedThousandths, floorThousandths, refillMsPerThousandth } = RETRY_BUDGET_POLICY;
  const firstTries = new Map<string, number>();
  const retries = new Map<string, number>();
  for (const { isolate, record } of requests) {
    const repeated = new Set(listRetries(record.attempts));
    for (const attempt of record.attempts) {
      const counts = repeated.has(attempt) ? retries : firstTries;
      const key = `${isolate} ${attempt.provider}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const lastEndMs = Math.max(0, ...requests.map(({ atMs, record }) => atMs + record.durationMs));
  const refilled = Math.max(plan.durationMs, lastEndMs) / refillMsPerThousandth;
  return [...retries].flatMap(([key, count]) => {
    const most = ((firstTries.get(key) ?? 0) * earnedThousandths + floorThousandths + refilled) / 1_000;
    return count <= most ? [] : [`[SM4] ${key}: ${count} retries, the budget allows ${most.toFixed(1)}`];
  });
}

/** Per isolate: at most one hedge for twenty other calls. */
function checkHedgeBudget({ requests, plan }: WorldResult): string[] {
  return plan.isolates.flatMap(({ name }) => {
    const attempts = requests
      .filter(({ isolate }) => isolate === name)
      .flatMap(({ record }) => record.attempts);
    const hedges = attempts.filter(({ hedge }) => hedge).length;
    const most = plan.hedging
      ? ((attempts.length - hedges) * HEDGE_BUDGET_POLICY.earnedThousandths) / 1_000
      : 0;
    return hedges <= most
      ? []
      : [`[SM5] ${name}: ${hedges} hedges for ${attempts.length - hedges} other calls`];
  });
}

/** What the records say was used and paid is what the providers told, call by call. */
function checkLedger({ requests, books }: WorldResult): string[] {
  const attempts = requests.flatMap(({ record }) => record.attempts);
  const calls = books.filter(({ purpose }) => purpose === "call");
  const names = new Set(books.map(({ provider, model }) => `${provider}/${model}`));
  const breaches: string[] = [];
  for (const name of names) {
    const ours = attempts.filter(({ provider, model }) => `${provider}/${model}` === name);
    const theirs = calls.filter(({ provider, model }) => `${provider}/${model}` === name);
    const told = theirs.flatMap(({ told: usage }) => usage ?? []);
    const pairs = [
      ["calls", ours.length, theirs.length],
      ["input tokens", countInput(ours.map(({ usage }) => usage)), countInput(told)],
      ["output tokens", countOutput(ours.map(({ usage }) => usage)), countOutput(told)],
      [
        "micro-dollars",
        sum(ours.map(({ costMicroUsd }) => costMicroUsd ?? 0)),
        sum(told.map((usage) => priceUsage(usage) ?? 0)),
      ],
    ] as const;
    for (const [what, our, their] of pairs) {
      if (our !== their)
        breaches.push(`[SM6] ${name}: the records hold ${our} ${what}, the provider's book ${their}`);
    }
  }
  return breaches;
}

/** The record says what the reader saw. */
function checkRecords({ requests }: WorldResult): string[] {
  return requests.flatMap(({ record, seenFirstTokenMs, seenPieces, atMs }) => {
    const { firstTokenMs, status } = record;
    const breaches: string[] = [];
    const at = `request at ${Math.round(atMs)} ms`;
    if ((firstTokenMs === null) !== (seenFirstTokenMs === null)) {
      breaches.push(
        `[SM7] ${at}: the record's first token is ${firstTokenMs}, the reader's ${seenFirstTokenMs}`,
      );
    } else if (
      firstTokenMs !== null &&
      seenFirstTokenMs !== null &&
      Math.abs(firstTokenMs - seenFirstTokenMs) > 2
    ) {
      breaches.push(
        `[SM7] ${at}: first token after ${firstTokenMs} ms on record, ${seenFirstTokenMs} ms seen`,
      );
    }
    if (status === "complete" && seenPieces === 0)
      breaches.push(`[SM7] ${at}: complete, and nobody saw a word`);
    if (status === "failed" && seenPieces > 0)
      breaches.push(`[SM7] ${at}: failed after the reader saw words`);
    if (status === "incomplete" && seenPieces === 0)
      breaches.push(`[SM7] ${at}: incomplete, and nobody saw a word`);
    return breaches;
  });
}

/** Estimates are in legs alone; any other leg is what its attempt was told. */
function checkLegs({ requests }: WorldResult): string[] {
  return requests.flatMap(({ atMs, legs, record: { attempts } }) =>
    legs
      .filter(({ estimated }) => !estimated)
      .filter(({ provider, model, usage }) =>
        attempts.every(
          (attempt) =>
            attempt.provider !== provider ||
            attempt.model !== model ||
            attempt.usage.outputTokens !== usage.outputTokens,
        ),
      )
      .map(({ provider, model }) => {
        const at = `request at ${Math.round(atMs)} ms`;
        return `[SM6] ${at}: the tokens of its leg by ${provider}/${model} are those of no attempt`;
      }),
  );
}

/** Nothing of an answer is lost or doubled where another call went on with it. */
function checkTexts({ requests }: WorldResult): string[] {
  return requests
    .filter(({ record: { status }, seenText, wholeText }) =>
      status === "complete" ? seenText !== wholeText : !wholeText.startsWith(seenText),
    )
    .map(({ atMs, seenText, legs, record }) => {
      const by = legs.map(({ provider, model }) => `${provider}/${model}`).join(", ");
      const at = `request at ${Math.round(atMs)} ms`;
      return `[SM19] ${at} by ${by}: ${record.status}, and its reader saw ${JSON.stringify(seenText)}`;
    });
}

/** Numbered without gaps, over the provider and its models. */
function checkTransitions({ transitions }: WorldResult): string[] {
  const last = new Map<string, number>();
  return transitions.flatMap(({ object, transition }) => {
    const expected = (last.get(object) ?? 0) + 1;
    last.set(object, transition.version);
    return transition.version === expected
      ? []
      : [`[SM8] ${object}: transition ${transition.version} after ${expected - 1}`];
  });
}

function countInput(usages: readonly TokenUsage[]): number {
  return sum(usages.map(({ inputTokens }) => inputTokens ?? 0));
}

function countOutput(usages: readonly TokenUsage[]): number {
  return sum(usages.map(({ outputTokens }) => outputTokens ?? 0));
}
