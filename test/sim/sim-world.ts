/**
 * Runs one simulated world from its plan: isolates answer requests that arrive by chance, for as long as the plan
 * says, and until every answer has ended. Real routing and circuits; only providers, network and time are simulated.
 */
import { newId, type IdSource, type ProviderId } from "../../src/base/id.ts";
import type { Random } from "../../src/base/random.ts";
import type { Leg } from "../../src/protocol/answer.ts";
import type { SelectionRecord } from "../../src/protocol/selection.ts";
import type { Catalog, CatalogTarget } from "../../src/providers/catalog.ts";
import { resolveModels, type AnswerInput } from "../../src/routing/run-answer.ts";
import { RecordingLog } from "../fakes/recording-log.ts";
import { toProviderId } from "../fakes/scripted-provider.ts";
import { createSeededRandom } from "../fakes/seeded-random.ts";
import { VirtualClock } from "../fakes/virtual-clock.ts";
import { drawArrivalGapMs } from "./distributions.ts";
import { SimAuthority, type NotedProbe, type NotedTransition } from "./sim-authority.ts";
import { SAID_TO_TAKE_PREFILL, TAKES_PREFILL, toAnswerText, toQuestionText } from "./sim-answer.ts";
import { SimIsolate } from "./sim-isolate.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimProvider, type BookedCall } from "./sim-provider.ts";
import type { ClassPlan, WorldPlan } from "./world-plan.ts";

/** One request as its reader saw it, and the record of it. */
export interface ServedRequest {
  readonly isolate: string;
  readonly region: string | null;
  readonly className: string;
  /** From the start of the scenario, milliseconds. */
  readonly atMs: number;
  /** From the request to the first word the reader saw; null when none came. */
  readonly seenFirstTokenMs: number | null;
  /** The pieces of text that the reader saw. */
  readonly seenPieces: number;
  readonly seenText: string;
  /** What the models' answer to the question is. */
  readonly wholeText: string;
  readonly legs: readonly Leg[];
  readonly record: SelectionRecord;
}

export interface WorldResult {
  readonly plan: WorldPlan;
  readonly requests: readonly ServedRequest[];
  readonly books: readonly BookedCall[];
  readonly transitions: readonly NotedTransition[];
  readonly probes: readonly NotedProbe[];
  readonly networkCalls: number;
  readonly bugs: readonly string[];
}

export async function runWorld(plan: WorldPlan): Promise<WorldResult> {
  return new SimWorld(plan).run();
}

/** Every part draws from a stream of its own, so that a change in one does not shift the others' luck. */
function streamOf(seed: number, name: string): Random {
  let mixed = seed >>> 0;
  for (const letter of name) mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  const random = createSeededRandom(mixed);
  // The first numbers of neighbouring seeds are alike.
  for (let index = 0; index < 8; index += 1) random();
  return random;
}

/** A reader who leaves does so within this. */
const LEAVES_WITHIN_MS = 1_500;
const MAX_CHATS = 200;

class SimWorld {
  private readonly plan: WorldPlan;
  private readonly clock = new VirtualClock();
  private readonly startedMs = this.clock.nowMs();
  private readonly log = new RecordingLog();
  private readonly providers: ReadonlyMap<string, SimProvider>;
  private readonly catalog: Catalog;
  private readonly network: SimNetwork;
  private readonly authority: SimAuthority;
  private readonly isolates: SimIsolate[];
  private readonly arrivals: Random;
  private readonly ids: IdSource;
  private readonly requests: ServedRequest[] = [];
  private readonly running = new Set<Promise<void>>();
  private readonly bugs: string[] = [];
  private asked = 0;
  /** The providers that served the last chats, by region and class: a chat stays with both. */
  private readonly chats = new Map<string, ProviderId[]>();

  constructor(plan: WorldPlan) {
    const { seed } = plan;
    const { clock, startedMs, log } = this;
    this.plan = plan;
    this.providers = new Map(
      plan.providers.map(({ id, behave }) => {
        const random = streamOf(seed, `provider ${id}`);
        const deps = { id: toProviderId(id), behaviour: behave(), clock, random, startedMs };
        const refusesPrefill = (model: string): boolean => !TAKES_PREFILL.has(`${id}/${model}`);
        return [id, new SimProvider({ ...deps, refusesPrefill })];
      }),
    );
    this.catalog = toCatalog(plan);
    const random = streamOf(seed, "network");
    this.network = new SimNetwork({ clock, random, startedMs, plan: plan.network });
    const findProvider = (id: string): SimProvider => this.findProvider(id);
    this.authority = new SimAuthority({
      clock,
      log,
      startedMs,
      findProvider,
      network: this.network,
      random: streamOf(seed, "authority"),
      targetsOf: (provider) => this.catalog.targets.filter((target) => target.provider === provider),
    });
    this.isolates = plan.isolates.map(
      (isolate) =>
        new SimIsolate({
          plan: isolate,
          clock,
          log,
          findProvider,
          authority: this.authority,
          catalog: this.catalog,
          random: streamOf(seed, isolate.name),
          hedging: plan.hedging,
          takesPrefill: ({ provider, model }) => SAID_TO_TAKE_PREFILL.has(`${provider}/${model}`),
        }),
    );
    this.arrivals = streamOf(seed, "arrivals");
    this.ids = toIdSource(streamOf(seed, "ids"), () => clock.nowMs());
  }

  async run(): Promise<WorldResult> {
    for (const { object, atMs } of this.plan.crashes) {
      this.clock.startTimer(atMs, () => this.authority.crash(object));
    }
    const { durationMs } = this.plan;
    this.arriveLater();
    await this.clock.advance(durationMs);
    await this.clock.runUntil(Promise.all(this.running));
    const bugs = [...this.bugs, ...this.authority.bugs, ...this.isolates.flatMap((isolate) => isolate.bugs)];
    return {
      plan: this.plan,
      requests: this.requests,
      books: [...this.providers.values()].flatMap((provider) => provider.book),
      transitions: this.authority.transitions,
      probes: this.authority.probes,
      networkCalls: this.network.calls,
      bugs,
    };
  }

  private findProvider(id: string): SimProvider {
    const provider = this.providers.get(id);
    if (provider === undefined) throw new Error(`no provider ${id} in this world`);
    return provider;
  }

  private arriveLater(): void {
    const { requestsPerSecond, durationMs } = this.plan;
    this.clock.startTimer(drawArrivalGapMs(requestsPerSecond, this.arrivals), () => {
      const atMs = this.clock.nowMs() - this.startedMs;
      if (atMs >= durationMs) return;
      this.arrive(atMs);
      this.arriveLater();
    });
  }

  private arrive(atMs: number): void {
    const alive = this.isolates.filter(({ plan }) => plan.startsAtMs <= atMs);
    const isolate = alive[Math.floor(this.arrivals() * alive.length)];
    const modelClass = drawClass(this.plan.classes, this.arrivals());
    const inChat = this.arrivals() < this.plan.chatShare;
    const leaves = this.arrivals() < this.plan.leaverShare;
    const leavesAfterMs = Math.round(this.arrivals() * LEAVES_WITHIN_MS);
    const chat = this.arrivals();
    if (isolate === undefined) return;
    const chats = this.chatsOf(isolate, modelClass.name);
    const lastProvider = inChat ? (chats[Math.floor(chat * chats.length)] ?? null) : null;
    const input = this.toInput(modelClass.name, lastProvider, leaves ? leavesAfterMs : null);
    const work = this.serve(isolate, modelClass.name, input, atMs)
      .catch((error: unknown) => {
        this.bugs.push(
          `an answer threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      })
      .finally(() => this.running.delete(work));
    this.running.add(work);
  }

  private toInput(
    className: string,
    lastProvider: ProviderId | null,
    leavesAfterMs: number | null,
  ): AnswerInput {
    const models = resolveModels(this.catalog, [className]);
    const question = toQuestionText(this.asked);
    this.asked += 1;
    if (!models.ok) throw new Error(models.error);
    const reader = new AbortController();
    if (leavesAfterMs !== null) this.clock.startTimer(leavesAfterMs, () => reader.abort());
    return {
      models: models.value,
      policy: null,
      call: { prompt: [{ role: "user", content: [{ type: "text", text: question }] }] },
      question,
      selectionId: newId("sel", this.ids),
      requestId: newId("req", this.ids),
      organizationId: "org_simulated",
      userId: "user_simulated",
      sessionId: null,
      turnId: null,
      lastProvider,
      signal: reader.signal,
    };
  }

  private chatsOf({ plan: { region } }: SimIsolate, className: string): ProviderId[] {
    const key = `${region ?? ""} ${className}`;
    const chats = this.chats.get(key) ?? [];
    this.chats.set(key, chats);
    return chats;
  }

  private async serve(
    isolate: SimIsolate,
    className: string,
    input: AnswerInput,
    atMs: number,
  ): Promise<void> {
    const answer = isolate.answer(input);
    let seenFirstTokenMs: number | null = null;
    let seenPieces = 0;
    let seenText = "";
    for (;;) {
      const next = await answer.next();
      if (next.done === true) {
        const { record, end } = next.value;
        const { name, region } = isolate.plan;
        const wholeText = toAnswerText(input.question);
        const seen = { atMs, seenFirstTokenMs, seenPieces, seenText, wholeText };
        this.requests.push({ isolate: name, region, className, ...seen, legs: end.legs, record });
        const chats = this.chatsOf(isolate, className);
        if (record.provider !== null) chats.push(toProviderId(record.provider));
        if (chats.length > MAX_CHATS) chats.shift();
        return;
      }
      const pieces = next.value.filter((event) => event.type === "text-delta");
      seenPieces += pieces.length;
      seenText += pieces.map(({ text }) => text).join("");
      if (pieces.length > 0) seenFirstTokenMs ??= this.clock.nowMs() - this.startedMs - atMs;
    }
  }
}

function drawClass(classes: readonly ClassPlan[], draw: number): ClassPlan {
  let left = draw * classes.reduce((sum, { share }) => sum + share, 0);
  for (const modelClass of classes) {
    left -= modelClass.share;
    if (left < 0) return modelClass;
  }
  const last = classes.at(-1);
  if (last === undefined) throw new Error("a world needs a class");
  return last;
}

function toCatalog({ providers, classes }: WorldPlan): Catalog {
  const targets = providers.flatMap(({ id, models }) => models.map((model) => toTarget(id, model)));
  return {
    providers: providers.map(({ id }) => toProviderId(id)),
    targets,
    wires: new Map(),
    classes: classes.map(({ name, targets: names }) => ({
      name,
      description: "",
      targets: names.flatMap((text) =>
        targets.filter((target) => `${target.provider}/${target.modelId}` === text),
      ),
      weights: null,
    })),
  };
}

function toTarget(provider: string, modelId: string): CatalogTarget {
  return {
    provider: toProviderId(provider),
    modelId,
    displayName: modelId,
    contextTokens: null,
    maxOutputTokens: null,
    vision: false,
    tools: true,
    reasoning: false,
    sandbox: false,
  };
}

function toIdSource(random: Random, nowMs: () => number): IdSource {
  return {
    nowMs,
    randomBytes: (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256)),
  };
}
