/**
 * `Idempotency-Key`: the first call under a key is made, its repeats are given the same answer. What a client sends again
 * because it heard nothing is not paid for twice. Without the header nothing happens. Rules HT150 to HT155, HT340, HT346.
 */
import { createHash } from "@better-auth/utils/hash";
import type { MiddlewareHandler } from "hono";
import { describeError } from "../../../auth/store/describe-error.ts";
import type { Clock } from "../../../base/clock.ts";
import { newId, type IdSource } from "../../../base/id.ts";
import { readPrincipal, type AppContext, type AppEnv } from "../../app-env.ts";
import { readJsonText } from "../../body.ts";
import { refuse } from "../../respond.ts";
import { asksForStream, isIdempotencyKey, isWorthKeeping, toKeptAnswer } from "./kept-answer.ts";
import type { CallClaim, ClaimOutcome, IdempotentCallStore } from "./store.ts";

export interface IdempotencyDeps {
  readonly clock: Clock;
  readonly idSource: IdSource;
  readonly idempotentCalls: IdempotentCallStore;
  /** Keeps the first call running when its caller has gone. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

const HEADER = "idempotency-key";
const KEPT_MS = 24 * 60 * 60 * 1_000;
/** A call that nobody has spoken for in so long has died with its Worker; longer than D1 is ever away. */
const BUSY_MS = 30_000;
const EXTEND_EVERY_MS = 10_000;
/** The platform ends what still runs half a minute after its caller has gone, and its record with it. */
const LONGEST_ALONE_MS = 25_000;
/** Most answers are there by then. */
const RETRY_AFTER_SECONDS = "2";

export function answerOnce(deps: IdempotencyDeps, limitBytes: number): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const key = context.req.header(HEADER);
    if (key === undefined) return next();
    if (!isIdempotencyKey(key)) return refuseKey(context, "send 1 to 255 printable ASCII characters.");
    const body = await readJsonText(context, limitBytes);
    if (!body.ok) return body.error;
    if (asksForStream(body.value)) {
      return refuseKey(
        context,
        "a stream cannot be given twice; leave the header out, or ask without `stream`.",
      );
    }
    const call: CallClaim = {
      organizationId: readPrincipal(context).organizationId,
      path: context.req.path,
      key,
      bodyHash: await createHash("SHA-256", "hex").digest(body.value),
      claim: newId("claim", deps.idSource),
    };
    const nowMs = deps.clock.nowMs();
    const times = { nowMs, busyUntilMs: nowMs + BUSY_MS, expiresAtMs: nowMs + KEPT_MS };
    const outcome = await deps.idempotentCalls.claim(call, times);
    if (outcome.type === "taken") return answerRepeat(context, call, outcome);
    context.set("keyedCall", outcome.first);
    const work = answerFirst(deps, context, { call, body: body.value, next });
    deps.waitUntil(work);
    await work;
    return undefined;
  };
}

function refuseKey(context: AppContext, complaint: string): Response {
  const message = `${HEADER}: ${complaint}`;
  return refuse(context, "invalid-request", message, { issues: [{ path: HEADER, message }] });
}

function answerRepeat(
  context: AppContext,
  { bodyHash }: CallClaim,
  first: Extract<ClaimOutcome, { type: "taken" }>,
): Response {
  if (first.bodyHash !== bodyHash) {
    const message = `${HEADER}: this key was sent with another body. Every call needs a key of its own.`;
    return refuse(context, "key-reused", message, { issues: [{ path: HEADER, message }] });
  }
  if (first.answer === null) {
    const headers = { "retry-after": RETRY_AFTER_SECONDS };
    return refuse(context, "conflict", `${HEADER}: the first call under this key still runs.`, { headers });
  }
  const { status, headers, body } = first.answer;
  if (body === null) {
    return refuse(context, "conflict", `${HEADER}: the answer under this key was too large to be kept.`);
  }
  return new Response(body, { status, headers: { ...headers, "idempotent-replayed": "true" } });
}

interface FirstCall {
  readonly call: CallClaim;
  readonly body: string;
  readonly next: () => Promise<void>;
}

async function answerFirst(deps: IdempotencyDeps, context: AppContext, first: FirstCall): Promise<void> {
  const { raw } = context.req;
  const { method, headers } = raw;
  const over = new AbortController();
  // Read already, and without the caller's signal: who goes away and comes back finds the answer (HT154).
  const signal = followLater(deps.clock, raw.signal, over.signal);
  context.req.raw = new Request(raw.url, { method, headers, body: first.body, signal });
  deps.waitUntil(stayBusy(deps, context, first.call, over.signal));
  try {
    await first.next();
  } finally {
    over.abort();
  }
  await keep(deps, context, first.call);
}

async function keep(deps: IdempotencyDeps, context: AppContext, call: CallClaim): Promise<void> {
  const given = context.res;
  const isKept = isWorthKeeping(given);
  const text = isKept ? await given.text() : "";
  if (isKept) {
    // Hono would otherwise lay the old answer's headers over the new one's.
    context.res = undefined;
    context.res = new Response(text, given);
  }
  try {
    if (isKept) {
      const { answer, bytes } = toKeptAnswer(given, text);
      await deps.idempotentCalls.finish(call, answer, bytes);
    } else await deps.idempotentCalls.release(call);
  } catch (error) {
    // The caller has its answer; a repeat is told that the call still runs, and half a minute later makes it anew.
    logFailed(context, "idempotency-keep", error);
  }
}

/** Aborted when the caller has been gone for as long as a call may run alone, unless that is over before. Rule HT340. */
function followLater(clock: Clock, caller: AbortSignal, over: AbortSignal): AbortSignal {
  const alone = new AbortController();
  const leave = (): void => {
    const cancel = clock.startTimer(LONGEST_ALONE_MS, () => alone.abort());
    over.addEventListener("abort", cancel, { once: true });
  };
  if (caller.aborted) leave();
  else caller.addEventListener("abort", leave, { once: true, signal: over });
  return alone.signal;
}

/** Says again and again that the call runs, so that one that has died is free soon. */
async function stayBusy(
  { clock, idempotentCalls }: IdempotencyDeps,
  context: AppContext,
  call: CallClaim,
  over: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(EXTEND_EVERY_MS, over);
    if (over.aborted) return;
    try {
      await idempotentCalls.extend(call, clock.nowMs() + BUSY_MS);
    } catch (error) {
      logFailed(context, "idempotency-extend", error);
    }
  }
}

function logFailed(context: AppContext, task: string, error: unknown): void {
  context.get("log").write("error", "background_failed", { task, error: describeError(error) });
}
