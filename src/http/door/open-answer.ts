/**
 * From a call that a door has read to an answer that is on its way: whose it is, who is asked, under which policy and
 * for how long. The same for every wire. Rules HT42, HT43, HT70, HT71.
 */
import type { Clock } from "../../base/clock.ts";
import { newSelectionId, type IdSource } from "../../base/id.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import { RoutingPolicy, type SelectionRecord } from "../../protocol/selection.ts";
import type { Catalog } from "../../providers/catalog.ts";
import type { ModelCall } from "../../providers/provider.ts";
import type { AnswerInput, AnswerOutcome, ResolvedModels } from "../../routing/run-answer.ts";
import type { AnswerEvent } from "../../routing/run-plan.ts";
import { readPrincipal, type AppContext } from "../app-env.ts";
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
  /** Keeps an answer running to its record when its reader has gone. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export type Answer = AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;

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
  readonly controller: AbortController;
  /** The caller wants to know who could have answered, and why. */
  readonly trace: boolean;
  readonly stream: boolean;
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
  const policy = readPolicy(context, asked.policy);
  if (!policy.ok) return policy;
  const timeoutMs = readTimeout(context);
  if (!timeoutMs.ok) return timeoutMs;
  const principal = readPrincipal(context);
  const controller = new AbortController();
  context.req.raw.signal.addEventListener("abort", () => controller.abort(), { once: true });
  const selectionId = newSelectionId(deps.idSource);
  const answer = deps.runAnswer({
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
    signal: controller.signal,
  });
  const trace = context.req.header(TRACE_HEADER) === "1";
  return succeed({ answer, selectionId, controller, trace, stream: asked.stream });
}

/** The body's word, else the header's; null when neither names a policy. */
function readPolicy(
  context: AppContext,
  inBody: RoutingPolicy | undefined,
): Result<RoutingPolicy | null, CallMistake> {
  const asked = inBody ?? context.req.header(POLICY_HEADER) ?? null;
  const policy = RoutingPolicy.nullable().safeParse(asked);
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
