/** The session bench's measurements as figures, as a table and in words. Pure. */
import type { BenchFigures, BenchReport } from "../bench.ts";
import { medianOf, roundTo } from "../measure.ts";
import { LIST_PRICES } from "./list-prices.ts";
import type { LoneTurns } from "./lone-turns.ts";
import { toWorkloadName, type Throughput, type Workload } from "./throughput.ts";
import type { CostParts, TurnCost } from "./turn-cost.ts";
import type { TurnInLongChat } from "./turn-growth.ts";

export interface OfSystems<Value> {
  readonly relay: Value;
  /** What a chat owes and nothing else. */
  readonly byHand: Value;
  /** Breakwater on its own wire, which is the one that counts. */
  readonly live: Value;
  /** Breakwater on AI SDK's wire. */
  readonly stock: Value;
  /** As `live`, with models that are asked on another wire than OpenAI's. */
  readonly anthropic: Value;
  readonly google: Value;
  /** Null when it could not run. */
  readonly agent: Value | null;
}

export interface Measured {
  readonly workloads: readonly Workload[];
  /** One for each lone chat. */
  readonly lone: readonly OfSystems<LoneTurns>[];
  /** As `lone`, with a provider that takes `thinkMs` to its first word, as models do. */
  readonly thoughtful: readonly OfSystems<LoneTurns>[];
  readonly thinkMs: number;
  /** For each workload its rounds. */
  readonly throughput: readonly (readonly OfSystems<Throughput>[])[];
  readonly cost: TurnCost;
  readonly agentCost: TurnCost | null;
  readonly resumesMs: readonly number[];
  /** Empty when it could not run. */
  readonly agentResumesMs: readonly number[];
  /** The shortest chat first. */
  readonly lengths: readonly TurnInLongChat[];
  readonly agentTrouble: string | null;
}

type Row = readonly [string, ...string[]];
const NONE = "–";

export function toReport(measured: Measured): BenchReport {
  return {
    figures: toFigures(measured),
    table: [
      [
        "",
        "relay",
        "a chat by hand",
        "AIChatAgent",
        "Breakwater, AI SDK's wire",
        "Breakwater, asking Anthropic",
        "Breakwater, asking Google",
        "Breakwater",
      ],
      ...toThroughputRows(measured),
      ...toLoneRows(measured),
      ...toCostRows(measured),
      ...toResumeRows(measured),
      ...toLengthRows(measured),
    ],
    notes: toNotes(measured),
  };
}

/** The median over the rounds of a ratio; null where one of the two could not run. */
function toRatio(
  rounds: readonly OfSystems<Throughput>[] | undefined,
  peer: "relay" | "agent",
  own: "live" | "anthropic" | "google" = "live",
): number | null {
  const ratios = (rounds ?? []).flatMap((round) => {
    const other = round[peer];
    return other === null ? [] : [round[own].wordsPerSecond / other.wordsPerSecond];
  });
  return ratios.length === 0 ? null : roundTo(medianOf(ratios), 3);
}

/** Of all lone turns of one system; empty when it could not run. */
function listFirstWords(
  lone: readonly OfSystems<LoneTurns>[],
  system: keyof OfSystems<unknown>,
): readonly number[] {
  return lone.flatMap((each) => each[system]?.firstWordsMs ?? []);
}

/** How much more a turn takes in a longer chat: of its reader's time, and of what rows are billed for. */
function toGrowth(long: TurnInLongChat, short: TurnInLongChat): { time: number; price: number } {
  return { time: long.turnP50Ms / short.turnP50Ms, price: toRowPrice(long) / toRowPrice(short) };
}

function toRowPrice({ rowsRead, rowsWritten }: TurnInLongChat): number {
  return rowsRead * LIST_PRICES.rowRead + rowsWritten * LIST_PRICES.rowWritten;
}

/** Median of the rounds' ratios to the relay of first words in a workload; null where there is no such workload. */
function toFirstWordRatio(
  rounds: readonly OfSystems<Throughput>[] | undefined,
  own: "live" | "byHand" = "live",
): number | null {
  const ratios = (rounds ?? []).map((round) => round[own].firstWordP50Ms / round.relay.firstWordP50Ms);
  return ratios.length === 0 ? null : roundTo(medianOf(ratios), 3);
}

function toFigures(measured: Measured): BenchFigures {
  const { throughput, lone, thoughtful, cost, agentCost, resumesMs, agentResumesMs, lengths } = measured;
  const [few, many] = throughput;
  const [short, middle, long] = lengths;
  if (short === undefined || middle === undefined || long === undefined)
    throw new Error("three lengths are needed");
  const growth = toGrowth(long, short);
  const growth1k = toGrowth(middle, short);
  const firstWordMs = medianOf(listFirstWords(lone, "live"));
  const relayFirstWordMs = medianOf(listFirstWords(lone, "relay"));
  const byHandFirstWordMs = medianOf(listFirstWords(lone, "byHand"));
  const agentFirstWordsMs = listFirstWords(lone, "agent");
  return {
    wordsVsRelay: toRatio(few, "relay"),
    wordsVsAiChatAgent: toRatio(few, "agent"),
    firstWordVsRelay: roundTo(firstWordMs / relayFirstWordMs, 3),
    rowsPerTurn: roundTo(cost.counts.rowsWritten, 2),
    rowsPerTurnAiChatAgent: agentCost === null ? null : roundTo(agentCost.counts.rowsWritten, 2),
    costPerMillionTurnsUsd: roundTo(cost.usdPerMillionTurns, 2),
    turnCostGrowth10kVs10: roundTo(Math.max(growth.time, growth.price), 3),
    firstWordByHandVsRelay: roundTo(byHandFirstWordMs / relayFirstWordMs, 3),
    firstWordVsRelayThinking: roundTo(
      medianOf(listFirstWords(thoughtful, "live")) / medianOf(listFirstWords(thoughtful, "relay")),
      3,
    ),
    firstWordVsRelay20Chats: toFirstWordRatio(few),
    firstWordByHandVsRelay20Chats: toFirstWordRatio(few, "byHand"),
    firstWordVsRelay200Chats: toFirstWordRatio(many),
    firstWordByHandVsRelay200Chats: toFirstWordRatio(many, "byHand"),
    wordsVsRelay200Chats: toRatio(many, "relay"),
    wordsVsAiChatAgent200Chats: toRatio(many, "agent"),
    wordsVsRelayAnthropic: toRatio(few, "relay", "anthropic"),
    wordsVsRelayAnthropic200Chats: toRatio(many, "relay", "anthropic"),
    wordsVsRelayGoogle: toRatio(few, "relay", "google"),
    wordsVsRelayGoogle200Chats: toRatio(many, "relay", "google"),
    firstWordVsAiChatAgent:
      agentFirstWordsMs.length === 0 ? null : roundTo(firstWordMs / medianOf(agentFirstWordsMs), 3),
    costPerMillionTurnsAiChatAgentUsd: agentCost === null ? null : roundTo(agentCost.usdPerMillionTurns, 2),
    resume10kWordsMs: Math.round(medianOf(resumesMs)),
    resumeVsAiChatAgent:
      agentResumesMs.length === 0 ? null : roundTo(medianOf(resumesMs) / medianOf(agentResumesMs), 3),
    turnTimeGrowth10kVs10: roundTo(growth.time, 3),
    turnPriceGrowth10kVs10: roundTo(growth.price, 3),
    turnCostGrowth1kVs10: roundTo(Math.max(growth1k.time, growth1k.price), 3),
  };
}

/** A row of figures in the table's order. */
function toRow(name: string, values: Partial<OfSystems<string>>): Row {
  return [
    name,
    values.relay ?? NONE,
    values.byHand ?? NONE,
    values.agent ?? NONE,
    values.stock ?? NONE,
    values.anthropic ?? NONE,
    values.google ?? NONE,
    values.live ?? NONE,
  ];
}

function toThroughputRows({ workloads, throughput }: Measured): Row[] {
  return workloads.flatMap((workload, index) => {
    const rounds = throughput[index] ?? [];
    const name = toWorkloadName(workload);
    const row = (title: string, read: (each: Throughput) => number | null, digits: number): Row => {
      const cell = (system: keyof OfSystems<unknown>): string => {
        const values = rounds.map((round) => round[system]).filter((each) => each !== null);
        const known = values.map(read).filter((value) => value !== null);
        return known.length === 0 ? NONE : medianOf(known).toFixed(digits);
      };
      return toRow(`${name}: ${title}`, {
        relay: cell("relay"),
        byHand: cell("byHand"),
        agent: cell("agent"),
        stock: cell("stock"),
        anthropic: cell("anthropic"),
        google: cell("google"),
        live: cell("live"),
      });
    };
    return [
      row("words/s", (each) => each.wordsPerSecond, 0),
      row("turn p50 ms", (each) => each.turnP50Ms, 0),
      row("first word p50 ms", (each) => each.firstWordP50Ms, 0),
      row("workerd's CPU µs/word", (each) => each.cpuPerWordUs, 1),
      row("clients busy %", (each) => each.clientBusy * 100, 0),
    ];
  });
}

function toLoneRows(measured: Measured): Row[] {
  const row = (
    title: string,
    read: (system: keyof OfSystems<unknown>) => readonly number[],
    digits: number,
  ): Row => {
    const cell = (system: keyof OfSystems<unknown>): string => {
      const values = read(system);
      return values.length === 0 ? NONE : medianOf(values).toFixed(digits);
    };
    return toRow(`lone turn: ${title}`, {
      relay: cell("relay"),
      byHand: cell("byHand"),
      agent: cell("agent"),
      stock: cell("stock"),
      anthropic: cell("anthropic"),
      google: cell("google"),
      live: cell("live"),
    });
  };
  return [
    row("first word p50 ms", (system) => listFirstWords(measured.lone, system), 2),
    row(
      `first word p50 ms, the provider's after ${measured.thinkMs}`,
      (system) => listFirstWords(measured.thoughtful, system),
      2,
    ),
    row("workerd's CPU ms", (system) => measured.lone.flatMap((each) => each[system]?.cpuMs ?? []), 1),
  ];
}

const COST_PARTS: readonly (readonly [keyof CostParts, string])[] = [
  ["duration", "object duration"],
  ["objectRequests", "object requests"],
  ["workerRequests", "Worker requests"],
  ["rowsWritten", "rows written"],
  ["rowsRead", "rows read"],
  ["queue", "queue"],
];

function toCostRows({ cost, agentCost }: Measured): Row[] {
  const row = (title: string, read: (each: TurnCost) => number, digits: number): Row =>
    toRow(`15 s turn: ${title}`, {
      live: read(cost).toFixed(digits),
      ...(agentCost === null ? {} : { agent: read(agentCost).toFixed(digits) }),
    });
  return [
    row("rows written, objects", ({ counts }) => counts.rowsWritten, 1),
    row("rows read, objects", ({ counts }) => counts.rowsRead, 1),
    row("rows written, D1", ({ counts }) => counts.databaseRowsWritten, 1),
    row("object requests", ({ counts }) => counts.objectRequests, 2),
    row("socket messages in", ({ counts }) => counts.socketMessages, 1),
    ...COST_PARTS.map(([part, title]) => row(`$/million, ${title}`, ({ parts }) => parts[part], 2)),
    row("$/million in all", ({ usdPerMillionTurns }) => usdPerMillionTurns, 2),
  ];
}

function toResumeRows({ resumesMs, agentResumesMs }: Measured): Row[] {
  const live = medianOf(resumesMs).toFixed(0);
  const agent = agentResumesMs.length === 0 ? NONE : medianOf(agentResumesMs).toFixed(0);
  return [toRow("resume of 10,000 words, ms", { live, agent })];
}

function toLengthRows({ lengths }: Measured): Row[] {
  return lengths.flatMap((each) => {
    const row = (title: string, value: number | null, digits: number): Row =>
      toRow(`chat of ${each.messages}: ${title}`, value === null ? {} : { live: value.toFixed(digits) });
    return [
      row("turn p50 ms", each.turnP50Ms, 1),
      row("workerd's CPU ms", each.cpuMs, 1),
      row("rows read", each.rowsRead, 0),
      row("rows written", each.rowsWritten, 0),
      row("hello ms", each.helloMs, 0),
    ];
  });
}

function toNotes({ agentTrouble }: Measured): string[] {
  return [
    "Each system runs on a workerd of its own, one after the other, without the dev proxy; clients and provider are on the same machine, so everything competes for its cores. Medians of three rounds; ratios are of the same round. With 200 chats AIChatAgent runs in one round only.",
    "A workload is chats × turns × words: all chats at once, each word a chunk and a packet of its own, as fast as the provider can write them. Where clients are busy for nearly 100 %, it is they who were measured. Lone turns are 60 paced answers of six words; twenty more have a provider that thinks first, as models do (firstWordVsRelayThinking), where firstWordVsRelay has one that answers at once.",
    "Relay: an object that passes the provider's bytes to one socket. A chat by hand: an object with what any chat here owes before its first word (a question and a turn that are stored before the provider is asked, a history, a deadline, words in numbered frames) and nothing of the product. AIChatAgent: @cloudflare/ai-chat 0.12.2 as its README sets it up, in front of OpenAI's provider of the AI SDK. Breakwater: the product's own bundle, one isolate, with the queue's consumer and all that it does after a turn but titles and summaries, which are model calls that the others do not make. It asks on OpenAI's wire, as the others do, and in columns of their own on Anthropic's and on Google's.",
    "A turn's rows are those that its objects' SQLite says it wrote, with one for each alarm and key; what a turn leaves for the next one to delete counts as its own. What is deleted a quarter of an hour after the last turn is not seen. D1's rows are in the costs; a socket is opened once for each turn there.",
    "The answer that is resumed comes over half a minute and is still running; both clients ask for it from its beginning.",
    "turnCostGrowth10kVs10 is the worse of two ratios of a short turn: its time, and what the rows that the chat's object reads and writes cost at list prices (a turn reads the newest 60 messages at the most, which a chat of ten does not have). The long chats are copies of one question and answer in the object's own rows, read by an object that has just woken up.",
    ...(agentTrouble === null
      ? []
      : [`AIChatAgent could not run: ${agentTrouble.split("\n").slice(0, 3).join(" ")}`]),
  ];
}
