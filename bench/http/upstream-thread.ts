/**
 * The provider of `npm run bench -- http`: OpenAI's chat wire over real TCP, in a thread of its own. A stream has 200
 * chunks, each written in a turn of the event loop of its own, or few at a pace; without a stream the answer is one JSON
 * object.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { parentPort } from "node:worker_threads";
import { CHUNKS, END_MARK, PACED_CHUNKS, PACED_SUFFIX, PACE_MS } from "./answer.ts";

const MODEL = "gpt-bench";
const COMMON = { id: "chatcmpl-bench", created: 1_764_000_000, model: MODEL, system_fingerprint: "fp_bench" };
const STREAM_MARK = /"stream"\s*:\s*true/;
const PACED_MARK = new RegExp(`"model"\\s*:\\s*"[^"]*${PACED_SUFFIX}"`);

function toEvent(choices: readonly object[], extra: object = {}): string {
  return `data: ${JSON.stringify({ ...COMMON, object: "chat.completion.chunk", choices, ...extra })}\n\n`;
}

function toDelta(delta: object, finishReason: string | null): string {
  return toEvent([{ index: 0, delta, logprobs: null, finish_reason: finishReason }]);
}

const USAGE = { prompt_tokens: 12, completion_tokens: CHUNKS, total_tokens: CHUNKS + 12 };
const FIRST = Buffer.from(toDelta({ role: "assistant", content: "" }, null));
const WORD = Buffer.from(toDelta({ content: "word " }, null));
const LAST = Buffer.from(
  `${toDelta({ content: END_MARK }, null)}${toDelta({}, "stop")}${toEvent([], { usage: USAGE })}data: [DONE]\n\n`,
);
const WHOLE = Buffer.from(
  JSON.stringify({
    ...COMMON,
    object: "chat.completion",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: `${"word ".repeat(40)}${END_MARK}`, refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: { ...USAGE, completion_tokens: 41, total_tokens: 53 },
  }),
);

function answer(request: IncomingMessage, response: ServerResponse): void {
  let body = "";
  request.on("data", (bytes: Buffer) => {
    body += bytes.toString("latin1");
  });
  request.once("end", () => {
    if (STREAM_MARK.test(body)) stream(response, PACED_MARK.test(body));
    else {
      response.writeHead(200, { "content-type": "application/json", "content-length": WHOLE.byteLength });
      response.end(WHOLE);
    }
  });
}

function stream(response: ServerResponse, isPaced: boolean): void {
  response.socket?.setNoDelay(true);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.write(FIRST);
  let written = 1;
  // The last word, the reason, the usage and the mark are written together.
  const chunks = isPaced ? PACED_CHUNKS : CHUNKS - 4;
  const next = (): void => {
    if (response.destroyed) return;
    if (written >= chunks) {
      response.end(LAST);
      return;
    }
    const isRoom = response.write(WORD);
    written += 1;
    if (isPaced) setTimeout(next, PACE_MS);
    else if (isRoom) setImmediate(next);
    else response.once("drain", next);
  };
  setImmediate(next);
}

const server = createServer((request, response) => {
  if (request.method === "POST") return answer(request, response);
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ object: "list", data: [] }));
});
// A connection that waits between two rounds is not to be closed under a request that is on its way.
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  parentPort?.postMessage({ port: typeof address === "object" ? address?.port : null });
});
