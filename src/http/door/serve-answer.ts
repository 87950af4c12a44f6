/**
 * Serves an answer over HTTP in the words of a wire, whole or as a stream; leaves its record, whoever goes away. The same
 * for every wire. Rules HT49 to HT54, HT300.
 */
import { describeError, describeStack } from "../../auth/store/describe-error.ts";
import type { AnswerTrace, BreakwaterEnd } from "../../protocol/breakwater-end.ts";
import type { SelectionRecord } from "../../protocol/selection.ts";
import type { AnswerEnd, AnswerEvent } from "../../routing/run-plan.ts";
import type { AppContext } from "../app-env.ts";
import { toRetryAfter } from "./answer-failure.ts";
import { toCacheFacts, toCacheHeaders } from "./cache/answer-through-cache.ts";
import type { DoorDeps, OpenAnswer, ServedOutcome } from "./open-answer.ts";
import { PacedSink } from "./paced-sink.ts";
import type { WireWriter } from "./wire-writer.ts";

export type ServeDeps = Pick<
  DoorDeps,
  "clock" | "log" | "isSandbox" | "saveSelection" | "openPipe" | "waitUntil"
>;

export function serveAnswer(
  deps: ServeDeps,
  context: AppContext,
  open: OpenAnswer,
  writer: WireWriter,
): Promise<Response> {
  const served = open.stream ? streamAnswer(deps, context, open, writer) : giveWhole(deps, open, writer);
  // Whoever goes away before there is an answer stops the call, and the platform would stop us with it: the record of what
  // was paid for is still to be written. What fails here fails for the caller, who is still waiting for `served`.
  deps.waitUntil(served.catch(() => leaveRecord(deps, open)));
  return served;
}

/** A bug of ours has ended what its caller gets; what was asked for was paid for all the same. Never rejects. */
async function leaveRecord(
  { log, saveSelection }: ServeDeps,
  { answer, controller }: OpenAnswer,
): Promise<void> {
  controller?.abort();
  try {
    for (;;) {
      const next = await answer.next();
      if (next.done !== true) continue;
      // Nothing, where it had come to its end before: its record was left then.
      const outcome: ServedOutcome | undefined = next.value;
      if (outcome?.record) saveSelection(outcome.record);
      return;
    }
  } catch (error) {
    log.write("warn", "background_failed", { task: "answer-record", error: describeError(error) });
  }
}

async function giveWhole(deps: ServeDeps, open: OpenAnswer, writer: WireWriter): Promise<Response> {
  for (;;) {
    const next = await open.answer.next();
    if (next.done === true) {
      const { end, record } = next.value;
      if (record !== null) deps.saveSelection(record);
      const breakwater = toBreakwaterEnd(open, next.value);
      const headers = toHeaders(deps, open, end);
      // The platform's own: `context.json` makes two more objects of headers on the way.
      if (end.status === "complete") return Response.json(writer.toWhole(end, breakwater), { headers });
      const { status, body } = writer.toRefusal(end, breakwater);
      return Response.json(body, { status, headers });
    }
    if (next.value.some((event) => event.type === "leg-start")) writer.startOver();
    writer.write(next.value);
  }
}

/** The first thing that there is to tell. */
type Opening =
  | { readonly done: true; readonly outcome: ServedOutcome }
  | {
      readonly done: false;
      readonly text: string;
      readonly start: Extract<AnswerEvent, { type: "leg-start" }>;
    };

/**
 * Headers wait for the first word: until then a failure can still become an honest status, and the headers can name
 * who answers.
 */
async function streamAnswer(
  deps: ServeDeps,
  context: AppContext,
  open: OpenAnswer,
  writer: WireWriter,
): Promise<Response> {
  const opening = await readUntilContent(open, writer);
  if (opening.done && opening.outcome.end.status !== "complete") {
    const { end, record } = opening.outcome;
    if (record !== null) deps.saveSelection(record);
    const { status, body } = writer.toRefusal(end, toBreakwaterEnd(open, opening.outcome));
    return context.json(body, status, toHeaders(deps, open, end));
  }
  const { readable, writable } = deps.openPipe();
  const ended = pump(deps, context, { open, writer, opening }, writable);
  context.set("streamEnd", ended);
  deps.waitUntil(ended);
  return new Response(readable, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      ...(opening.done
        ? toHeaders(deps, open, opening.outcome.end)
        : toFirstHeaders(deps, open, opening.start)),
    },
  });
}

async function readUntilContent({ answer }: OpenAnswer, writer: WireWriter): Promise<Opening> {
  for (;;) {
    const next = await answer.next();
    if (next.done === true) return { done: true, outcome: next.value };
    const start = next.value.find((event) => event.type === "leg-start");
    const text = writer.write(next.value);
    if (start?.type === "leg-start") return { done: false, text, start };
  }
}

interface Pumped {
  readonly open: OpenAnswer;
  readonly writer: WireWriter;
  readonly opening: Opening;
}

async function pump(
  deps: ServeDeps,
  context: AppContext,
  { open, writer, opening }: Pumped,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  const stop = (): void => open.controller?.abort();
  // A reader that has gone stops the upstream call; the record is written all the same.
  const sink = new PacedSink(writable, deps.clock, stop);
  let last: string;
  try {
    if (!opening.done) await sink.send(opening.text);
    const outcome = opening.done ? opening.outcome : await drain(open, writer, sink);
    const { end, record } = outcome;
    if (record !== null) deps.saveSelection(record);
    const breakwater = toBreakwaterEnd(open, outcome);
    // Clients take a stream that just stops for a finished one: a broken answer says so.
    last = end.status === "complete" ? writer.end(end, breakwater) : writer.fail(end, breakwater);
  } catch (error) {
    deps.waitUntil(leaveRecord(deps, open));
    context.get("log").write("error", "internal_error", {
      request_id: context.get("requestId"),
      error: describeError(error),
      stack: describeStack(error),
    });
    last = writer.crash();
  }
  await sink.end(last);
}

async function drain({ answer }: OpenAnswer, writer: WireWriter, sink: PacedSink): Promise<ServedOutcome> {
  for (;;) {
    const next = await answer.next();
    if (next.done === true) return next.value;
    await sink.send(writer.write(next.value));
  }
}

function toBreakwaterEnd(open: OpenAnswer, { end, record }: ServedOutcome): BreakwaterEnd {
  return {
    status: end.status,
    legs: end.legs,
    attempts: end.attempts.length,
    costMicroUsd: end.costMicroUsd,
    selectionId: open.cache?.hit?.selectionId ?? open.selectionId,
    ...(open.trace && record !== null ? { trace: toTrace(record) } : {}),
    ...(open.cache === null ? {} : { cache: toCacheFacts(open.cache) }),
  };
}

function toTrace({ intent, mode, decision, candidates }: SelectionRecord): AnswerTrace {
  return { intent, mode, decision, candidates };
}

/** Those of a stream, whose end nobody knows yet. */
function toFirstHeaders(
  deps: ServeDeps,
  { cache }: OpenAnswer,
  { target, attempt }: Extract<AnswerEvent, { type: "leg-start" }>,
): Record<string, string> {
  return {
    "x-breakwater-provider": target.provider,
    "x-breakwater-model": target.model,
    "x-breakwater-attempts": String(attempt),
    ...(deps.isSandbox(target.provider) ? { "x-breakwater-sandbox": "true" } : {}),
    ...(cache === null ? {} : toCacheHeaders(cache)),
  };
}

function toHeaders(deps: ServeDeps, { cache }: OpenAnswer, end: AnswerEnd): Record<string, string> {
  const leg = end.legs.at(-1);
  return {
    "x-breakwater-attempts": String(end.attempts.length),
    ...(leg === undefined ? {} : { "x-breakwater-provider": leg.provider, "x-breakwater-model": leg.model }),
    ...(leg !== undefined && deps.isSandbox(leg.provider) ? { "x-breakwater-sandbox": "true" } : {}),
    ...(end.costMicroUsd === null ? {} : { "x-breakwater-cost-micro-usd": String(end.costMicroUsd) }),
    ...toRetryAfter(end.failure),
    ...(cache === null ? {} : toCacheHeaders(cache)),
  };
}
