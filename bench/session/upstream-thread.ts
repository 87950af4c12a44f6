/**
 * The provider that all systems of the session bench talk to: OpenAI's chat wire over real TCP, Anthropic's and Google's, one
 * word a chunk, in a thread of its own so that neither the clients nor the systems wait for it. Started by upstream.ts.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { parentPort } from "node:worker_threads";
import { parseModelName, type AnswerPlan } from "./answer-plan.ts";

/** The model's name stands near the front of the body: a prompt of ten thousand messages is not parsed for it. */
const LOOKED_AT_BYTES = 4_096;
const MODEL = /"model"\s*:\s*"([^"\\]+)"/;
const VOCABULARY = "every word of this answer comes in a chunk of its own as models send them".split(" ");

/** An answer in the words of one wire. */
interface Wire {
  readonly first: Buffer;
  /** In turn, each with one word. */
  readonly words: readonly Buffer[];
  /** What comes behind so many words. */
  readonly toEnd: (words: number) => string;
}

const OPENAI: Wire = {
  first: Buffer.from(toOpenAiEvent({ role: "assistant", content: "" }, null)),
  words: VOCABULARY.map((word) => Buffer.from(toOpenAiEvent({ content: `${word} ` }, null))),
  toEnd: (words) => toOpenAiEvent({}, "stop") + toUsageEvent(words),
};

const ANTHROPIC: Wire = {
  first: Buffer.from(
    toAnthropicEvent({
      type: "message_start",
      message: {
        type: "message",
        id: "msg_bench",
        role: "assistant",
        model: "bench",
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 10, output_tokens: 1 },
      },
    }) +
      toAnthropicEvent({
        type: "content_block_start",
        index: 0,
        content_block: { type: "text", text: "" },
      }),
  ),
  words: VOCABULARY.map((word) =>
    Buffer.from(
      toAnthropicEvent({
        type: "content_block_delta",
        index: 0,
        delta: { type: "text_delta", text: `${word} ` },
      }),
    ),
  ),
  toEnd: (words) =>
    toAnthropicEvent({ type: "content_block_stop", index: 0 }) +
    toAnthropicEvent({
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: words },
    }) +
    toAnthropicEvent({ type: "message_stop" }),
};

const GOOGLE: Wire = {
  first: Buffer.alloc(0),
  words: VOCABULARY.map((word) => Buffer.from(toGoogleEvent(`${word} `, 1))),
  toEnd: (words) => toGoogleEvent("", words, "STOP"),
};

/** Streams that wait after their last word. */
const held = new Set<() => void>();

function toAnthropicEvent(event: { readonly type: string } & Record<string, unknown>): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function toGoogleEvent(text: string, words: number, finishReason?: string): string {
  const event = {
    candidates: [{ content: { parts: [{ text }], role: "model" }, finishReason, index: 0 }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: words, totalTokenCount: words + 10 },
    modelVersion: "bench",
    responseId: "bench",
  };
  return `data: ${JSON.stringify(event)}\r\n\r\n`;
}

function toOpenAiEvent(delta: object, finishReason: string | null): string {
  const chunk = {
    id: "chatcmpl-bench",
    object: "chat.completion.chunk",
    created: 1_764_000_000,
    model: "bench",
    service_tier: "default",
    system_fingerprint: "fp_bench",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
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
function writeAnswer(response: ServerResponse, wire: Wire, plan: AnswerPlan): void {
  let written = 0;
  const startedMs = performance.now();
  const paceMs = plan.durationMs / plan.words;
  const end = (): void => {
    response.end(wire.toEnd(plan.words));
  };
  const next = (): void => {
    if (response.destroyed) return;
    if (written === plan.words) {
      if (plan.held) held.add(end);
      else end();
      return;
    }
    const isRoom = response.write(wire.words[written % wire.words.length]);
    written += 1;
    if (!isRoom) response.once("drain", next);
    else if (plan.durationMs === 0) setImmediate(next);
    // By the time at which this word is due, so that late timers do not add up.
    else setTimeout(next, Math.max(0, startedMs + written * paceMs - performance.now()));
  };
  if (wire.first.byteLength > 0) response.write(wire.first);
  next();
}

/** On which wire, by its path; Google's has the model's name there. */
function toAsked(path: string, model: string): { readonly wire: Wire; readonly model: string } {
  const ofGoogle = /\/models\/([^/:]+):streamGenerateContent/.exec(path)?.[1];
  if (ofGoogle !== undefined) return { wire: GOOGLE, model: ofGoogle };
  return { wire: path.endsWith("/messages") ? ANTHROPIC : OPENAI, model };
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
    const asked = toAsked(request.url ?? "", model);
    const plan = parseModelName(asked.model) ?? OTHER_PLAN;
    if (plan.thinkMs === undefined || plan.thinkMs === 0) writeAnswer(response, asked.wire, plan);
    else setTimeout(writeAnswer, plan.thinkMs, response, asked.wire, plan);
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
