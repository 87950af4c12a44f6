/**
 * `npm run bench -- session`: what a chat costs and how fast it is, side by side with a bare relay (the limit), with what a
 * chat owes written by hand, and with Cloudflare's AIChatAgent. Each runs on a workerd of its own without the dev proxy; all have the same provider, over TCP.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench, BenchContext, BenchReport } from "../bench.ts";
import { createByHandSystem } from "./by-hand-system.ts";
import { AgentChat, createAgentSystem, toAgentUrl } from "./agent-system.ts";
import { BreakwaterChat, createBreakwaterSystem } from "./breakwater-system.ts";
import type { ChatSystem } from "./chat-system.ts";
import { measureLoneTurns, type LoneTurns } from "./lone-turns.ts";
import { createRelaySystem } from "./relay-system.ts";
import { measureResumes } from "./resume-time.ts";
import { toReport } from "./session-report.ts";
import type { Measured, OfSystems } from "./session-report.ts";
import { startSystems, type Systems } from "./start-systems.ts";
import { measureThroughput, toWorkloadName, type Throughput, type Workload } from "./throughput.ts";
import { measureTurnCost } from "./turn-cost.ts";
import { measureTurnInLongChat } from "./turn-growth.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

const ROUNDS = 3;
/** The first one gives the contract's figures. AIChatAgent takes a minute for the second: one round has to do. */
const WORKLOADS: readonly (Workload & { readonly agentRounds: number })[] = [
  { chats: 20, turns: 5, words: 500, agentRounds: ROUNDS },
  { chats: 200, turns: 2, words: 200, agentRounds: 1 },
];
const WARM_UP: Workload = { chats: 4, turns: 2, words: 100 };
/** Lone turns: so many chats of so many turns for each system, the systems in turn. */
const LONE_CHATS = 6;
const LONE_TURNS = 10;
/** As long as a quick model takes to its first word. */
const THINK_MS = 300;
const THOUGHTFUL_CHATS = 2;
const CHAT_LENGTHS = [10, 1_000, 10_000];

export const sessionBench: Bench = { name: "session", run };

async function run(context: BenchContext): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), "breakwater-bench-"));
  const upstream = await startUpstream();
  try {
    const systems = await startSystems(context, folder, upstream.url);
    try {
      return toReport(await measure(systems, upstream, context.tell));
    } finally {
      await systems.close();
    }
  } finally {
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** In the order in which they take turns. */
function listSystems({ relay, byHand, agent, breakwater }: Systems): OfSystems<ChatSystem> {
  return {
    relay: createRelaySystem(relay),
    byHand: createByHandSystem(byHand),
    live: createBreakwaterSystem(breakwater, "live"),
    stock: createBreakwaterSystem(breakwater, "stock"),
    anthropic: createBreakwaterSystem(breakwater, "live", "anthropic"),
    google: createBreakwaterSystem(breakwater, "live", "google"),
    agent: agent === null ? null : createAgentSystem(agent, "chat-agent"),
  };
}

async function measure(
  running: Systems,
  upstream: Upstream,
  tell: (line: string) => void,
): Promise<Measured> {
  const all = listSystems(running);
  tell("warming up");
  await inTurn(all, (system) => measureThroughput(system, WARM_UP));
  tell(`${LONE_CHATS * LONE_TURNS} lone turns of each`);
  const lone = await measureAlone(all, LONE_CHATS, 0);
  tell(`${THOUGHTFUL_CHATS * LONE_TURNS} lone turns of each, the provider's first word after ${THINK_MS} ms`);
  const thoughtful = await measureAlone(all, THOUGHTFUL_CHATS, THINK_MS);
  const throughput: OfSystems<Throughput>[][] = [];
  for (const workload of WORKLOADS) {
    const rounds: OfSystems<Throughput>[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      tell(`${toWorkloadName(workload)} words, round ${round} of ${ROUNDS}`);
      const agent = round > workload.agentRounds ? null : all.agent;
      rounds.push(await inTurn({ ...all, agent }, (system) => measureThroughput(system, workload)));
    }
    throughput.push(rounds);
  }
  tell("what a turn of 15 seconds is billed for");
  const costs = await measureCosts(running);
  tell("resuming an answer of 10,000 words");
  const resumesMs = await resume(running, upstream);
  const lengths = [];
  for (const messages of CHAT_LENGTHS) {
    tell(`turns in a chat of ${messages} messages`);
    lengths.push(await measureTurnInLongChat(running.counted, messages));
  }
  const { agentTrouble } = running;
  return {
    workloads: WORKLOADS,
    lone,
    thinkMs: THINK_MS,
    thoughtful,
    throughput,
    ...costs,
    ...resumesMs,
    lengths,
    agentTrouble,
  };
}

/** So many chats of each system, the systems in turn. */
async function measureAlone(
  all: OfSystems<ChatSystem>,
  chats: number,
  thinkMs: number,
): Promise<OfSystems<LoneTurns>[]> {
  const rounds: OfSystems<LoneTurns>[] = [];
  for (let chat = 0; chat < chats; chat += 1) {
    rounds.push(await inTurn(all, (system) => measureLoneTurns(system, LONE_TURNS, thinkMs)));
  }
  return rounds;
}

async function inTurn<Value>(
  systems: OfSystems<ChatSystem>,
  measureOne: (system: ChatSystem) => Promise<Value>,
): Promise<OfSystems<Value>> {
  return {
    relay: await measureOne(systems.relay),
    byHand: await measureOne(systems.byHand),
    live: await measureOne(systems.live),
    stock: await measureOne(systems.stock),
    anthropic: await measureOne(systems.anthropic),
    google: await measureOne(systems.google),
    agent: systems.agent === null ? null : await measureOne(systems.agent),
  };
}

/** Side by side: at the pace of a model both are idle nearly all the time. */
async function measureCosts({ counted, agent }: Systems): Promise<Pick<Measured, "cost" | "agentCost">> {
  const [cost, agentCost] = await Promise.all([
    measureTurnCost(counted.url, createBreakwaterSystem(counted, "live").openChat),
    agent === null
      ? null
      : measureTurnCost(agent.url, createAgentSystem(agent, "counted-chat-agent").openChat),
  ]);
  return { cost, agentCost };
}

async function resume(
  { breakwater, agent }: Systems,
  upstream: Upstream,
): Promise<Pick<Measured, "resumesMs" | "agentResumesMs">> {
  const rounds = Array.from({ length: ROUNDS });
  const chats = await Promise.all(rounds.map(() => BreakwaterChat.create(breakwater, "live")));
  const agentChats =
    agent === null ? [] : rounds.map(() => new AgentChat(toAgentUrl(agent.url, "chat-agent")));
  // One after the other: who is held while the other still reads would be given up as a provider that says nothing.
  const resumesMs = await measureResumes(chats, upstream);
  return { resumesMs, agentResumesMs: await measureResumes(agentChats, upstream) };
}
