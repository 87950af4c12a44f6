/**
 * The provider that all systems of the session bench talk to: OpenAI's chat wire over real TCP, one word a chunk, in a
 * thread of its own so that neither the clients nor the systems wait for it. Started by upstream.ts.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { parentPort } from "node:worker_threads";
import { parseModelName, type AnswerPlan } from "./answer-plan.ts";

/** The model's name stands near the front of the body: a prompt of ten thousand messages is not parsed for it. */
const LOOKED_AT_BYTES = 4_096;
const MODEL = /"model"\s*:\s*"([^"\\]+)"/;
const VOCABULARY = "every word of this answer comes in a chunk of its own as models send them".split(" ");

const WORD_EVENTS = VOCABULARY.map((word) => toEvent({ content: `${word} ` }, null));
const FIRST_EVENT = toEvent({ role: "assistant", content: "" }, null);
const LAST_EVENT = toEvent({}, "stop");

/** Streams that wait after their last word. */
const held = new Set<() => void>();

function toEvent(delta: object, finishReason: string | null): Buffer {
  const chunk = {
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    created: 1_764_000_000,
    model: "bench",
    service_tier: "default",
    system_fingerprint: "fp_bench",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
  };
  return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
}

function toUsageEvent(words: number): string {
  const usage = { prompt_tokens: 10, completion_tokens: words, total_tokens: words + 10 };
  const chunk = { id: "chatcmpl-bench", object: "chat.completion.chunk", created: 1_764_000_000 };
  return `data: ${JSON.stringify({ ...chunk, model: "bench", choices: [], usage })}\n\ndata: [DONE]\n\n`;
}

/** Reads the body to its end and keeps its beginning. */
function readModel(request: IncomingMessage, onEnd: (model: string) => void): void {
  let start = "";
  request.on("data", (bytes: Buffer) => {
    if (start.length < LOOKED_AT_BYTES) start += bytes.toString("latin1", 0, LOOKED_AT_BYTES);
  });
  request.once("end", () => onEnd(MODEL.exec(start)?.[1] ?? ""));
}

/** Each word is written in a turn of the event loop of its own: a packet of its own, as a model's words are. */
function writeAnswer(response: ServerResponse, plan: AnswerPlan): void {
  let written = 0;
  const startedMs = performance.now();
  const paceMs = plan.durationMs / plan.words;
  const end = (): void => {
    response.write(LAST_EVENT);
    response.end(toUsageEvent(plan.words));
  };
  const next = (): void => {
    if (response.destroyed) return;
    if (written === plan.words) {
      if (plan.held) held.add(end);
      else end();
      return;
    }
    const isRoom = response.write(WORD_EVENTS[written % WORD_EVENTS.length]);
    written += 1;
    if (!isRoom) response.once("drain", next);
    else if (plan.durationMs === 0) setImmediate(next);
    // By the time at which this word is due, so that late timers do not add up.
    else setTimeout(next, Math.max(0, startedMs + written * paceMs - performance.now()));
  };
  response.write(FIRST_EVENT);
  next();
}

/** What a model is asked that is no plan: probes, titles, summaries. */
const OTHER_PLAN: AnswerPlan = { words: 6, durationMs: 0, held: false };

const server = createServer((request, response) => {
  if (request.method !== "POST") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ object: "list", data: [] }));
    return;
  }
  readModel(request, (model) => {
    response.socket?.setNoDelay(true);
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    writeAnswer(response, parseModelName(model) ?? OTHER_PLAN);
  });
});
// A connection that waits between two rounds is not to be closed under a request that is on its way.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  parentPort?.postMessage({ port: typeof address === "object" ? address?.port : null });
});

/** The only thing that is ever said to this thread: let every held stream end. */
parentPort?.on("message", () => {
  for (const end of held) end();
  held.clear();
});
