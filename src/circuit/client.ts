/**
 * What an isolate knows of the circuits, and how it tells the authority what it saw. Reading is synchronous and
 * costs no round trip; snapshots are refreshed in the background and come back free with every report.
 * The authority (a ProviderHealth object) being slow or gone never holds up a turn. Rules CB30 to CB36, CB80.
 */
import { CALL_OVER } from "../base/call-over.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { CircuitSnapshot, type ModelCircuit } from "../protocol/circuit.ts";
import { FUSE_FAILURES, toUnheardSnapshot, withLocalPause, withLocalTrouble } from "./local-fuse.ts";
import { MAX_OUTCOMES_PER_REPORT, type CallOutcome } from "./outcome.ts";

/** The part of the ProviderHealth object that isolates use. */
export interface CircuitAuthority {
  readSnapshot(provider: string): Promise<CircuitSnapshot>;
  /** Takes outcomes and answers with the snapshot as it stands after them, suspicions settled. */
  reportOutcomes(provider: string, outcomes: readonly CallOutcome[]): Promise<CircuitSnapshot>;
}

interface Entry {
  snapshot: CircuitSnapshot | null;
  fetchedAtMs: number;
  /** When the last background refresh began; a lost one is forgotten after LOST_AFTER_MS. */
  refreshStartedAtMs: number;
  /** Failures in a row seen here, by model; those of the whole provider stand under WHOLE_PROVIDER. */
  failuresHere: Map<string, number>;
  /** Counts what went wrong here; tells an answer that knows of it from one that was asked for before. */
  troublesHere: number;
  pending: CallOutcome[];
  flushPlannedAtMs: number;
  /** When a turn last waited for the authority in vain; for a while nobody waits again. */
  unheardAtMs: number;
}

/** Plain data only: it outlives requests, and a promise or stub of one request may not be used by another. */
export type CircuitCache = Map<string, Entry>;

/** A closed, quiet circuit is looked up again after this: below a second, so that a change made elsewhere is known within one. */
const FRESH_MS = 750;
/** After trouble the picture changes quickly. */
const FRESH_AROUND_CHANGE_MS = 500;
const AROUND_CHANGE_MS = 30_000;
/** Older than this, a snapshot says too little to start a turn on: wait for a new one, but not for long. */
const STALE_MS = 60_000;
/** As long as a reader does not feel. */
const WARM_LIMIT_MS = 150;
const LOST_AFTER_MS = 5_000;
/** The answer to a report is the snapshot as it stands: this bounds how late an isolate with traffic hears of a change. */
const FLUSH_AFTER_MS = 250;
/** More at once are not taken; fewer would be a request to the authority for every few calls of a busy isolate. */
const FLUSH_AT_COUNT = MAX_OUTCOMES_PER_REPORT;
/** Stands for the provider among the names of its models, none of which is empty. */
const WHOLE_PROVIDER = "";

export interface CircuitClientDeps {
  readonly authority: CircuitAuthority;
  readonly cache: CircuitCache;
  readonly clock: Clock;
  readonly log: Log;
  /** Keeps the request alive for background work. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export class CircuitClient {
  private readonly deps: CircuitClientDeps;

  constructor(deps: CircuitClientDeps) {
    this.deps = deps;
  }

  /** The circuit as this isolate knows it; null when it knows nothing. Refreshes in the background when old. */
  read(provider: string): CircuitSnapshot | null {
    const entry = this.entry(provider);
    const nowMs = this.deps.clock.nowMs();
    this.expireOpen(entry, nowMs);
    if (nowMs - entry.fetchedAtMs > this.freshMs(entry, nowMs)) this.refresh(provider, entry, nowMs);
    return entry.snapshot;
  }

  /**
   * Before a turn: waits at most 150 ms for circuits that this isolate knows nothing recent about, and for those
   * whose open time is over: a provider that is back should not be passed over because nobody has looked.
   */
  async warm(providers: Iterable<string>): Promise<void> {
    const nowMs = this.deps.clock.nowMs();
    const cold = [...providers].filter((provider) => isCold(this.entry(provider), nowMs));
    if (cold.length === 0) return;
    const waitedFor = new Set(cold);
    const pulls = Promise.all(
      cold.map(async (provider) => {
        await this.pull(provider);
        waitedFor.delete(provider);
      }),
    );
    this.deps.waitUntil(pulls);
    const limit = new AbortController();
    await Promise.race([pulls, this.deps.clock.sleep(WARM_LIMIT_MS, limit.signal)]);
    limit.abort(CALL_OVER);
    for (const provider of waitedFor) this.entry(provider).unheardAtMs = this.deps.clock.nowMs();
  }

  /** Takes note of a call and returns at once. A failure is reported immediately, good calls in batches. */
  report(provider: string, outcome: CallOutcome): void {
    if (outcome.verdict === "neutral") return;
    const entry = this.entry(provider);
    const nowMs = this.deps.clock.nowMs();
    entry.pending.push(outcome);
    if (outcome.verdict === "success") {
      entry.failuresHere.delete(outcome.model);
      entry.failuresHere.delete(WHOLE_PROVIDER);
    } else if (outcome.verdict === "rate-limited") {
      // An answer asked for before this one knows nothing of the pause, as with any trouble.
      entry.troublesHere += 1;
      entry.snapshot = withLocalPause(entry.snapshot ?? toUnheardSnapshot(provider, nowMs), outcome, nowMs);
    } else if (outcome.verdict !== "late") {
      this.noteTrouble(provider, entry, outcome, nowMs);
    }
    const isBad = outcome.verdict !== "success" && outcome.verdict !== "late";
    const urgent = isBad || entry.pending.length >= FLUSH_AT_COUNT;
    if (urgent) {
      this.deps.waitUntil(this.flush(provider, entry));
    } else if (nowMs - entry.flushPlannedAtMs > LOST_AFTER_MS) {
      entry.flushPlannedAtMs = nowMs;
      this.deps.waitUntil(this.flushLater(provider, entry));
    }
  }

  /** The local fuse, and the suspicion that ranks a target behind the others, need no word from the authority. */
  private noteTrouble(provider: string, entry: Entry, outcome: CallOutcome, nowMs: number): void {
    const known = entry.snapshot ?? toUnheardSnapshot(provider, nowMs);
    const model = outcome.scope === "model" ? outcome.model : null;
    const key = model ?? WHOLE_PROVIDER;
    const failures = (entry.failuresHere.get(key) ?? 0) + 1;
    entry.failuresHere.set(key, failures);
    if (known.mode === "forced-closed" || known.status !== "CLOSED") return;
    entry.troublesHere += 1;
    // The version stays: whatever the authority says next replaces this.
    entry.snapshot = withLocalTrouble(known, model, failures, outcome, nowMs);
    entry.fetchedAtMs = 0;
    entry.refreshStartedAtMs = nowMs;
  }

  /** An open circuit whose authority has not been heard of since its time was over lets one call try. */
  private expireOpen(entry: Entry, nowMs: number): void {
    this.expireOpenModels(entry, nowMs);
    const known = entry.snapshot;
    if (known?.status !== "OPEN" || known.mode === "forced-open" || known.openUntilMs === null) return;
    const graceMs = entry.fetchedAtMs === 0 ? 0 : STALE_MS;
    if (nowMs < Math.max(known.openUntilMs, entry.fetchedAtMs) + graceMs) return;
    entry.failuresHere.set(WHOLE_PROVIDER, FUSE_FAILURES - 1);
    entry.snapshot = {
      ...known,
      status: "CLOSED",
      suspect: true,
      openUntilMs: null,
      reason: "the open time is over and the authority has not been heard of: one call may try",
    };
  }

  private expireOpenModels(entry: Entry, nowMs: number): void {
    const { snapshot } = entry;
    if (snapshot === null || snapshot.models.every((model) => model.status !== "OPEN")) return;
    const graceMs = entry.fetchedAtMs === 0 ? 0 : STALE_MS;
    const models = snapshot.models.map((model): ModelCircuit => {
      if (model.status !== "OPEN" || model.openUntilMs === null) return model;
      if (nowMs < Math.max(model.openUntilMs, entry.fetchedAtMs) + graceMs) return model;
      entry.failuresHere.set(model.model, FUSE_FAILURES - 1);
      return { ...model, status: "CLOSED", suspect: true, openUntilMs: null };
    });
    entry.snapshot = { ...snapshot, models };
  }

  private entry(provider: string): Entry {
    let entry = this.deps.cache.get(provider);
    if (entry === undefined) {
      entry = {
        snapshot: null,
        fetchedAtMs: 0,
        refreshStartedAtMs: 0,
        failuresHere: new Map(),
        troublesHere: 0,
        pending: [],
        flushPlannedAtMs: 0,
        unheardAtMs: 0,
      };
      this.deps.cache.set(provider, entry);
    }
    return entry;
  }

  private freshMs(entry: Entry, nowMs: number): number {
    const { snapshot } = entry;
    if (snapshot === null) return 0;
    const quiet =
      snapshot.status === "CLOSED" &&
      !snapshot.suspect &&
      snapshot.models.every((model) => model.status === "CLOSED" && !model.suspect) &&
      nowMs - snapshot.changedAtMs > AROUND_CHANGE_MS;
    return quiet ? FRESH_MS : FRESH_AROUND_CHANGE_MS;
  }

  private refresh(provider: string, entry: Entry, nowMs: number): void {
    if (nowMs - entry.refreshStartedAtMs < LOST_AFTER_MS && entry.refreshStartedAtMs > entry.fetchedAtMs)
      return;
    entry.refreshStartedAtMs = nowMs;
    this.deps.waitUntil(this.pull(provider));
  }

  private async pull(provider: string): Promise<void> {
    const { troublesHere } = this.entry(provider);
    try {
      this.accept(provider, await this.deps.authority.readSnapshot(provider), troublesHere);
    } catch (error) {
      // Fail static: the last snapshot stays in force (closed stays closed under the fuse, open stays open).
      this.noteUnreachable("circuit-pull", error);
    }
  }

  private async flush(provider: string, entry: Entry): Promise<void> {
    const { pending: outcomes, troublesHere } = entry;
    if (outcomes.length === 0) return;
    entry.pending = [];
    try {
      this.accept(provider, await this.deps.authority.reportOutcomes(provider, outcomes), troublesHere);
    } catch (error) {
      // Health counts may be lost; nobody waits for them and nobody is billed by them.
      this.noteUnreachable("circuit-report", error);
    }
  }

  private async flushLater(provider: string, entry: Entry): Promise<void> {
    await this.deps.clock.sleep(FLUSH_AFTER_MS);
    entry.flushPlannedAtMs = 0;
    await this.flush(provider, entry);
  }

  /** `troublesWhenAsked` is the count at the question: a "closed" from before the last trouble must not mend the fuse. */
  private accept(provider: string, given: CircuitSnapshot, troublesWhenAsked: number): void {
    const snapshot = CircuitSnapshot.parse(given);
    const entry = this.entry(provider);
    if (entry.snapshot !== null && snapshot.version < entry.snapshot.version) return;
    if (snapshot.status === "CLOSED" && troublesWhenAsked !== entry.troublesHere) return;
    entry.snapshot = snapshot;
    entry.fetchedAtMs = this.deps.clock.nowMs();
    if (snapshot.status !== "CLOSED") entry.failuresHere.clear();
    for (const { model, status } of snapshot.models)
      if (status !== "CLOSED") entry.failuresHere.delete(model);
  }

  private noteUnreachable(task: string, error: unknown): void {
    this.deps.log.write("warn", "background_failed", {
      task,
      error: error instanceof Error ? error.message : String(error),
    });
  }
}

function isCold(entry: Entry, nowMs: number): boolean {
  const { snapshot } = entry;
  if (nowMs - entry.unheardAtMs < LOST_AFTER_MS) return false;
  const ageMs = nowMs - entry.fetchedAtMs;
  if (snapshot === null || ageMs > STALE_MS) return true;
  const mayBeBack = [snapshot, ...snapshot.models].some(
    (circuit) => circuit.status !== "CLOSED" && (circuit.openUntilMs ?? 0) <= nowMs,
  );
  return mayBeBack && ageMs > FRESH_AROUND_CHANGE_MS;
}
