/**
 * WIRE and PERSISTED: what is said about circuits: the snapshot that isolates keep, the admin's REST answers and
 * the frames of the live socket `/api/v1/admin/live`. Rules CB20 to CB27.
 */
import { z } from "zod";

export const CircuitStatus = z.enum(["CLOSED", "OPEN", "HALF_OPEN"]);
export type CircuitStatus = z.infer<typeof CircuitStatus>;

/**
 * How a circuit is driven: by its own rules, or by a person. `draining` goes on by its own rules, but takes only
 * chats that are with the provider already.
 */
export const CircuitMode = z.enum(["auto", "forced-open", "forced-closed", "draining"]);
export type CircuitMode = z.infer<typeof CircuitMode>;

/** What is usual for one target, from its last good calls; null until one told. */
export const Usual = z.object({
  samples: z.int().nonnegative(),
  firstTokenP50Ms: z.number().nonnegative().nullable(),
  firstTokenP95Ms: z.number().nonnegative().nullable(),
  /** The median over calls, output tokens after the first. */
  tokensPerSecond: z.number().nonnegative().nullable(),
});
export type Usual = z.infer<typeof Usual>;

export const NOTHING_USUAL: Usual = {
  samples: 0,
  firstTokenP50Ms: null,
  firstTokenP95Ms: null,
  tokensPerSecond: null,
};

/** The circuit of one model below its provider's. */
export const ModelCircuit = z.object({
  model: z.string(),
  status: CircuitStatus,
  suspect: z.boolean(),
  openUntilMs: z.int().nullable(),
  coolDownUntilMs: z.int().nullable(),
  reason: z.string(),
  failureCount: z.int().nonnegative(),
  usual: Usual,
  /** Left out by those who did not tell it yet: then its own rules decide. */
  mode: CircuitMode.optional(),
});
export type ModelCircuit = z.infer<typeof ModelCircuit>;

/** The small plain value every isolate keeps. A higher version replaces a lower one, never the other way round. */
export const CircuitSnapshot = z.object({
  provider: z.string(),
  version: z.int().nonnegative(),
  status: CircuitStatus,
  mode: CircuitMode,
  /** True from a failure until a good call or a good probe: candidates of this provider stand behind the others. */
  suspect: z.boolean(),
  /** Epoch milliseconds when an open circuit may be probed; null unless OPEN. */
  openUntilMs: z.int().nullable(),
  /** Epoch milliseconds until which the provider asked us to stay away (429); null when it did not. Not a failure. */
  coolDownUntilMs: z.int().nullable(),
  /** One sentence for a person: why it is in this state. */
  reason: z.string(),
  /** Failures in a row. */
  failureCount: z.int().nonnegative(),
  /** The count of failures in a row at which it opens. */
  failureThreshold: z.int().positive(),
  /** Epoch milliseconds of the last change of status. */
  changedAtMs: z.int(),
  /** Models that were heard of, by name; a model that is not in here is well. */
  models: z.array(ModelCircuit).default([]),
});
export type CircuitSnapshot = z.infer<typeof CircuitSnapshot>;

/** One finished call or probe, for the console. */
export const CircuitCall = z.object({
  atMs: z.int(),
  kind: z.enum(["call", "probe"]),
  model: z.string(),
  ok: z.boolean(),
  /** To the first token of a good call, to the failure of a bad one. */
  latencyMs: z.int().nonnegative(),
  /** Empty when it went well. */
  error: z.string(),
  /** The user's request, or null for a probe. */
  requestId: z.string().nullable(),
});
export type CircuitCall = z.infer<typeof CircuitCall>;

export const CircuitTransition = z.object({
  /** Numbered from 1 for each provider, without gaps. */
  version: z.int().positive(),
  provider: z.string(),
  /** The model whose circuit it was; null for the provider's own. */
  model: z.string().nullable().default(null),
  from: CircuitStatus,
  to: CircuitStatus,
  atMs: z.int(),
  reason: z.string(),
  failureCount: z.int().nonnegative(),
  /** The requests whose failures caused it, oldest first, at most 10. */
  requestIds: z.array(z.string()),
  /** Who did it by hand; null when the rules did. */
  actor: z.string().nullable(),
});
export type CircuitTransition = z.infer<typeof CircuitTransition>;

/** One change of a provider's policy, as it was made. PERSISTED. */
export const CircuitPolicyRecord = z.object({
  number: z.int().positive(),
  atMs: z.int(),
  actor: z.string(),
  reason: z.string(),
  /** The numbers that were set. */
  change: z.record(z.string(), z.number()),
});
export type CircuitPolicyRecord = z.infer<typeof CircuitPolicyRecord>;

/** What one region says of a provider. */
export const RegionState = z.object({
  region: z.string(),
  status: CircuitStatus,
  reason: z.string(),
  reportedAtMs: z.int(),
});
export type RegionState = z.infer<typeof RegionState>;

/** Everything the console's card shows for one provider. */
export const CircuitDetail = z.object({
  snapshot: CircuitSnapshot,
  /** Newest first, at most 20. */
  recentCalls: z.array(CircuitCall),
  /** Newest first, at most 50. */
  transitions: z.array(CircuitTransition),
  /** Over `recentCalls` of kind `call` that went well; null when there are none. */
  firstTokenP50Ms: z.number().nullable(),
  firstTokenP95Ms: z.number().nullable(),
  /** Epoch milliseconds of the next probe; null when none is planned. */
  nextProbeAtMs: z.int().nullable(),
  sandbox: z.boolean(),
  /** The numbers in force. */
  policy: z.record(z.string(), z.number()).default({}),
  /** Oldest first, at most 20. */
  policyChanges: z.array(CircuitPolicyRecord).default([]),
  /** Regions that were heard of; empty where there is only one. */
  regions: z.array(RegionState).default([]),
  /** What probes have cost today (UTC), micro-dollars. */
  probeSpendTodayMicroUsd: z.int().nonnegative().default(0),
});
export type CircuitDetail = z.infer<typeof CircuitDetail>;

/** `GET /api/v1/admin/circuits`. */
export const CircuitList = z.object({
  circuits: z.array(CircuitDetail),
  /** Providers whose health object does not answer: of their circuits nothing is known here. */
  unreachable: z.array(z.string()).default([]),
  serverTimeMs: z.int(),
});
export type CircuitList = z.infer<typeof CircuitList>;

/** `POST /api/v1/admin/circuits/{provider}/{reset|open|close|auto|drain}`. */
export const CircuitAction = z.enum(["reset", "open", "close", "auto", "drain"]);
export type CircuitAction = z.infer<typeof CircuitAction>;
export const CircuitActionBody = z.strictObject({
  reason: z.string().trim().min(3).max(500),
  /** One model of the provider; left out: the provider itself. */
  model: z.string().min(1).max(200).optional(),
});

/** `PUT /api/v1/admin/circuits/{provider}/policy`: some of the numbers of src/circuit/policy.ts, and why. */
export const CircuitPolicyBody = z.strictObject({
  reason: z.string().trim().min(3).max(500),
  policy: z.record(z.string(), z.number()),
});

/** A finished selection in a line, for the console's live tail. */
export const SelectionTail = z.object({
  id: z.string(),
  requestId: z.string(),
  atMs: z.int(),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  status: z.string(),
  intent: z.string(),
  mode: z.string(),
  attempts: z.int().nonnegative(),
  firstTokenMs: z.int().nullable(),
  costMicroUsd: z.int().nullable(),
});
export type SelectionTail = z.infer<typeof SelectionTail>;

/** Server frames of the live socket. The first is `hello`; a provider's versions are gapless, a gap means pull again. */
export const AdminLiveFrame = z.discriminatedUnion("type", [
  CircuitList.extend({ type: z.literal("hello") }),
  /** A circuit's whole card, sent after each transition and, at most once a second, after calls. */
  z.object({ type: z.literal("circuit"), detail: CircuitDetail, serverTimeMs: z.int() }),
  z.object({ type: z.literal("selection"), selection: SelectionTail }),
]);
export type AdminLiveFrame = z.infer<typeof AdminLiveFrame>;
