/** What becomes of an answer that a bug of ours ends while it is written: it was paid for. */
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { SelectionRecord } from "../../../../src/protocol/selection.ts";
import type { AppEnv } from "../../../../src/http/app-env.ts";
import type { Answer, OpenAnswer } from "../../../../src/http/door/open-answer.ts";
import { serveAnswer, type ServeDeps } from "../../../../src/http/door/serve-answer.ts";
import type { WireWriter } from "../../../../src/http/door/wire-writer.ts";
import type { AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { RecordingLog } from "../../../fakes/recording-log.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { RECORD, TARGET, toEnd } from "../../session/answer-fixtures.ts";

const START: AnswerEvent = { type: "leg-start", target: TARGET, attempt: 1 };

/** An answer of three words; a stop ends it before the next one. */
async function* speak(stop: AbortSignal): Answer {
  yield [START, { type: "text-delta", text: "one" }];
  for (const text of ["two", "three"]) {
    if (stop.aborted)
      return { end: toEnd({ status: "cancelled" }), record: { ...RECORD, status: "cancelled" } };
    yield [{ type: "text-delta", text }];
  }
  return { end: toEnd(), record: RECORD };
}

/** Serves the answer by a writer that throws at a place, and waits for all that goes on behind it. */
async function serve(stream: boolean, throwsAt: string) {
  const saved: SelectionRecord[] = [];
  const behind: Promise<unknown>[] = [];
  const deps: ServeDeps = {
    clock: new VirtualClock(),
    log: new RecordingLog(),
    isSandbox: () => false,
    saveSelection: (record) => void saved.push(record),
    openPipe: () => new TransformStream<Uint8Array, Uint8Array>(),
    waitUntil: (work) => void behind.push(work),
  };
  const failAt = (place: string): void => {
    if (place === throwsAt) throw new Error(`no words at ${place}`);
  };
  const writer: WireWriter = {
    startOver: () => failAt("startOver"),
    write: (events) => {
      const text = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
      failAt(text);
      return text;
    },
    end: () => {
      failAt("end");
      return "END";
    },
    fail: () => "FAIL",
    crash: () => "CRASH",
    toWhole: () => {
      failAt("end");
      return {};
    },
    toRefusal: () => ({ status: 503, body: {} }),
  };
  const controller = stream ? new AbortController() : null;
  const answer = speak(controller?.signal ?? new AbortController().signal);
  const open: OpenAnswer = { answer, selectionId: "sel_1", controller, trace: false, stream, cache: null };
  const app = new Hono<AppEnv>();
  app.onError((_, context) => context.text("", 500));
  app.get("/", (context) => {
    context.set("log", new RecordingLog());
    return serveAnswer(deps, context, open, writer);
  });
  const response = await app.request("/");
  const text = await response.text();
  while (behind.length > 0) await Promise.allSettled(behind.splice(0));
  return { status: response.status, text, saved };
}

describe("an answer that a bug of ours ends", () => {
  it.each([
    { name: "in its beginning", stream: true, throwsAt: "one", status: 500 },
    { name: "in its middle", stream: true, throwsAt: "two", status: 200 },
    { name: "at its end", stream: true, throwsAt: "end", status: 200 },
    { name: "in its beginning", stream: false, throwsAt: "startOver", status: 500 },
    { name: "in its middle", stream: false, throwsAt: "two", status: 500 },
    { name: "at its end", stream: false, throwsAt: "end", status: 500 },
  ])("[HT300] $name (stream: $stream) is on record once", async ({ stream, throwsAt, status }) => {
    const served = await serve(stream, throwsAt);
    expect(served.status).toBe(status);
    if (status === 200) expect(served.text).toMatch(/CRASH$/);
    expect(served.saved.map(({ id }) => id)).toEqual(["sel_1"]);
  });

  it("[HT300] a stream's provider is not listened to any longer", async () => {
    expect((await serve(true, "one")).saved[0]?.status).toBe("cancelled");
    expect((await serve(true, "two")).saved[0]?.status).toBe("cancelled");
  });
});
