/**
 * From a call that a door has read to an answer that is on its way: whose it is, who is asked, under which policy and
 * for how long. The same for every wire. Rules HT42, HT43, HT70, HT71, HT140.
 */
import type { Clock } from "../../base/clock.ts";
import { newSelectionId, type IdSource } from "../../base/id.ts";
import type { Log } from "../../base/log.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import { RoutingPolicy, type SelectionRecord } from "../../protocol/selection.ts";
import type { Catalog } from "../../providers/catalog.ts";
import type { ModelCall } from "../../providers/provider.ts";
import type { AnswerInput, ResolvedModels } from "../../routing/run-answer.ts";
import type { AnswerEnd, AnswerEvent } from "../../routing/run-plan.ts";
import { readPrincipal, type AppContext } from "../app-env.ts";
import { answerThroughCache, startCacheNote, type CacheNote } from "./cache/answer-through-cache.ts";
import { CACHE_HEADER, readCacheWish } from "./cache/cache-wish.ts";
import type { AnswerCacheStore } from "./cache/store.ts";
import { followCaller } from "./follow-caller.ts";
import type { CallMistake } from "./wire-writer.ts";

export interface DoorDeps {
  readonly clock: Clock;
  readonly idSource: IdSource;
  readonly catalog: Catalog;
  readonly resolveModels: (requested: readonly string[]) => Result<ResolvedModels, string>;
  readonly runAnswer: (input: AnswerInput) => Answer;
  /** Hands the record over; returns at once. */
  readonly saveSelection: (record: SelectionRecord) => void;
  readonly isSandbox: (provider: string) => boolean;
  readonly log: Log;
  readonly answerCache: AnswerCacheStore;
  /** What is written to one end comes out of the other. */
  readonly openPipe: () => {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
  };
  /** Keeps an answer running to its record when its reader has gone. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** How an answer ended; without a record where nobody was selected, because it was kept from before (HT145). */
export interface ServedOutcome {
  readonly end: AnswerEnd;
  readonly record: SelectionRecord | null;
}
export type Answer = AsyncGenerator<readonly AnswerEvent[], ServedOutcome, undefined>;

/** What a door has read from a request. */
export interface AskedAnswer {
  /** Classes or targets in the order to try them; empty: the default class. */
  readonly models: readonly string[];
  readonly call: Omit<ModelCall, "modelId">;
  /** The text that says what is wanted: the last user message. */
  readonly question: string;
  readonly stream: boolean;
  /** The body's word on the policy; it wins over the header's. */
  readonly policy?: RoutingPolicy | undefined;
}

/** An answer that is on its way once somebody reads it. */
export interface OpenAnswer {
  readonly answer: Answer;
  readonly selectionId: string;
  /** For a stream whose reader has gone without the platform's saying so; null for an answer in one piece. */
  readonly controller: AbortController | null;
  /** The caller wants to know who could have answered, and why. */
  readonly trace: boolean;
  readonly stream: boolean;
  /** What the cache does; null where it is left alone. */
  readonly cache: CacheNote | null;
}

const POLICY_HEADER = "x-breakwater-policy";
const TIMEOUT_HEADER = "x-breakwater-timeout-ms";
const TRACE_HEADER = "x-breakwater-trace";
/** No turn of this service is longer. */
const MAX_TIMEOUT_MS = 3_600_000;

/** Nobody is called when it fails. */
export function openAnswer(
  deps: DoorDeps,
  context: AppContext,
  asked: AskedAnswer,
): Result<OpenAnswer, CallMistake> {
  const models = deps.resolveModels(asked.models);
  if (!models.ok) return fail({ code: "model-not-found", param: "model", message: models.error });
  const stranded = findStrandedField(asked.call, models.value);
  if (stranded !== null) return fail(stranded);
  const policy = readPolicy(context, asked.policy);
  if (!policy.ok) return policy;
  const timeoutMs = readTimeout(context);
  if (!timeoutMs.ok) return timeoutMs;
  const wish = readCacheWish(context.req.header(CACHE_HEADER));
  if (!wish.ok) return fail({ code: "invalid-request", param: CACHE_HEADER, message: wish.error });
  const trace = context.req.header(TRACE_HEADER);
  if (trace !== undefined && trace !== "1") {
    return fail({
      code: "invalid-request",
      param: TRACE_HEADER,
      message: `${TRACE_HEADER}: send 1, or leave it out.`,
    });
  }
  const principal = readPrincipal(context);
  const caller = context.req.raw.signal;
  const controller = asked.stream ? followCaller(caller) : null;
  const selectionId = newSelectionId(deps.idSource);
  const input: AnswerInput = {
    models: models.value,
    policy: policy.value,
    call: asked.call,
    question: asked.question,
    selectionId,
    requestId: context.get("requestId"),
    organizationId: principal.organizationId,
    userId: principal.userId,
    sessionId: null,
    turnId: null,
    lastProvider: null,
    mayStartOver: !asked.stream,
    ...(timeoutMs.value === null ? {} : { turnMs: timeoutMs.value }),
    signal: controller?.signal ?? caller,
  };
  const cache = wish.value === null ? null : startCacheNote(wish.value);
  const answer =
    wish.value === null || cache === null
      ? deps.runAnswer(input)
      : answerThroughCache(deps, wish.value, cache, input);
  return succeed({ answer, selectionId, controller, trace: trace === "1", stream: asked.stream, cache });
}

/** A field that only one wire carries, where nobody who is asked for speaks it. */
function findStrandedField({ native }: AskedAnswer["call"], { models }: ResolvedModels): CallMistake | null {
  const [param] = native?.onlyHere ?? [];
  if (native === undefined || param === undefined) return null;
  const targets = models.flatMap((model) => (model.type === "class" ? model.targets : [model.target]));
  if (targets.some(({ abilities }) => abilities.wire === native.wire)) return null;
  const message = `${param}: none of these models has a provider that takes this field; leave it out, or ask for one on the wire of this request.`;
  return { code: "invalid-request", param, message };
}

/** The body's word, else the header's; null when neither names a policy. */
function readPolicy(
  context: AppContext,
  inBody: RoutingPolicy | undefined,
): Result<RoutingPolicy | null, CallMistake> {
  const asked = inBody ?? context.req.header(POLICY_HEADER) ?? null;
  if (asked === null) return succeed(null);
  const policy = RoutingPolicy.safeParse(asked);
  if (policy.success) return succeed(policy.data);
  const names = RoutingPolicy.options.join(", ");
  const message = `${POLICY_HEADER}: there is no such policy; name one of ${names}.`;
  return fail({ code: "invalid-request", param: POLICY_HEADER, message });
}

/** How long the caller is ready to wait for the end of the answer; null when it does not say. Milliseconds. */
function readTimeout(context: AppContext): Result<number | null, CallMistake> {
  const text = context.req.header(TIMEOUT_HEADER);
  if (text === undefined) return succeed(null);
  const timeoutMs = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS) return succeed(timeoutMs);
  const message = `${TIMEOUT_HEADER}: send whole milliseconds from 1 to ${MAX_TIMEOUT_MS}.`;
  return fail({ code: "invalid-request", param: TIMEOUT_HEADER, message });
}
