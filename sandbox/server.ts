/**
 * The sandbox: stand-ins for four providers on one loopback port, each on its own wire, each breakable by a control.
 * For a machine without keys, and for tests. It holds no secret and costs nothing. Rules PR80 to PR93.
 *
 * `GET /control` shows the faults, `PUT /control/{provider}` sets one (fault.ts), `DELETE /control` heals everybody;
 * `GET /journal` lists the last requests, `DELETE /journal` forgets them.
 */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { ANTHROPIC_WIRE } from "./anthropic-wire.ts";
import { composeAnswer } from "./answer.ts";
import { serveControl, serveJournal } from "./control.ts";
import type { Board } from "./control.ts";
import { FaultBoard, toRefusal } from "./fault.ts";
import type { FaultSettings } from "./fault.ts";
import { GOOGLE_WIRE } from "./google-wire.ts";
import { parseObject, readBody, sendJson } from "./http-message.ts";
import { Journal } from "./journal.ts";
import type { JournalEntry } from "./journal.ts";
import { createOpenAiWire } from "./openai-wire.ts";
import { headerOf, isProvider, textOf } from "./provider-wire.ts";
import type { ErrorSpec, ProviderWire, SandboxProvider, WireRoute } from "./provider-wire.ts";
import { sendEmbeddings } from "./send-embeddings.ts";
import { sendWhole, streamAnswer, toStreamEvents } from "./stream-answer.ts";
import { startUpstream } from "./upstream.ts";
import type { Upstream } from "./upstream.ts";

export interface SandboxOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Between two pieces of an answer; 0 sends them as fast as they go. */
  readonly paceMs: number;
}

export interface Sandbox {
  /** Without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Asked for by name, such a model is unknown to every stand-in; any other name is answered. */
const UNKNOWN_MODEL = /^no-such-model/;

const WIRES: Readonly<Record<SandboxProvider, ProviderWire>> = {
  anthropic: ANTHROPIC_WIRE,
  openai: createOpenAiWire("openai", "OpenAI"),
  google: GOOGLE_WIRE,
  deepseek: createOpenAiWire("deepseek", "DeepSeek"),
};

interface Context extends Board {
  readonly upstream: Upstream;
  readonly paceMs: number;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly provider: SandboxProvider;
  readonly wire: ProviderWire;
  readonly route: WireRoute;
  readonly query: URLSearchParams;
  readonly testId: string | null;
}

function sendError(call: Call, error: ErrorSpec, headers: Record<string, string> = {}): void {
  sendJson(call.response, error.status, call.wire.toError(error), headers);
}

/** The faults that strike before an answer begins. True when the request is done with. */
function strikeEarly(call: Call, settings: FaultSettings): boolean {
  if (settings.fault === "refuse") {
    call.request.socket.destroy();
    return true;
  }
  if (settings.fault === "hang") return true;
  const refusal = toRefusal(call.provider, settings.fault);
  if (refusal === null) return false;
  sendError(
    call,
    refusal.error,
    refusal.hasRetryAfter ? { "retry-after": String(settings.retryAfterSeconds) } : {},
  );
  return true;
}

function openEntry(
  context: Context,
  call: Call,
  model: string | null,
  settings: FaultSettings,
): JournalEntry {
  const { provider, testId, route, request } = call;
  const path = new URL(request.url ?? "/", "http://sandbox").pathname;
  const at = new Date().toISOString();
  const entry = context.journal.add({
    provider,
    path,
    model: model ?? route.modelId,
    at,
    fault: settings.fault,
    testId,
    outcome: "open",
  });
  call.response.on("close", () => {
    if (entry.outcome === "open")
      entry.outcome = call.response.writableFinished ? "complete" : "client-closed";
  });
  return entry;
}

function serveModels(context: Context, call: Call): void {
  const settings = context.faults.take(call.provider, call.testId, "models");
  const entry = openEntry(context, call, null, settings);
  if (strikeEarly(call, settings)) {
    if (settings.fault !== "hang") entry.outcome = "refused";
    return;
  }
  sendJson(call.response, 200, call.wire.toModelList());
}

function toUnknownModel(provider: SandboxProvider, model: string): ErrorSpec {
  const type =
    provider === "anthropic" ? "not_found_error" : provider === "google" ? "NOT_FOUND" : "model_not_found";
  return { status: 404, type, message: `The model ${model} does not exist` };
}

async function serveGeneration(context: Context, call: Call): Promise<void> {
  const { provider, wire, route, request, response, testId } = call;
  const text = await readBody(request);
  const body = text === null ? null : parseObject(text);
  const model = route.modelId ?? (textOf(body?.["model"]) || null);
  const settings = context.faults.take(provider, testId, "generate");
  const entry = openEntry(context, call, model, settings);
  if (strikeEarly(call, settings)) {
    if (settings.fault !== "hang") entry.outcome = "refused";
    return;
  }
  if (text === null || body === null || model === null) {
    entry.outcome = "refused";
    sendError(call, {
      status: 400,
      type: "invalid_request_error",
      message: "The body must be JSON and name a model",
    });
    return;
  }
  if (UNKNOWN_MODEL.test(model)) {
    entry.outcome = "refused";
    sendError(call, toUnknownModel(provider, model));
    return;
  }
  if (route.kind === "embed") return sendEmbeddings(call, body, { model, settings, entry });
  const question = { modelId: model, ...wire.parseQuestion(body) };
  const refusal = wire.findRefusal(question, body);
  if (refusal !== null) {
    entry.outcome = "refused";
    sendError(call, refusal);
    return;
  }
  const answer = composeAnswer(provider, question);
  const version = headerOf(request.headers["anthropic-version"]);
  const headers: Record<string, string> = version === null ? {} : { "anthropic-version": version };
  const whole = await context.upstream.respond(route.upstreamPath, text, headers, answer);
  const upstreamText = await whole.text();
  if (!whole.ok) {
    entry.outcome = "refused";
    response.writeHead(whole.status, { "content-type": "application/json" });
    response.end(upstreamText);
    return;
  }
  if (route.isStream ?? body["stream"] === true) {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const events = toStreamEvents(upstreamText, wire, answer);
    const outcome = await streamAnswer({
      response,
      provider,
      wire,
      events,
      settings,
      paceMs: context.paceMs,
      signal: gone.signal,
    });
    // A stalled stream is still open: its end is the client's.
    if (settings.fault !== "stall" || outcome !== "broken") entry.outcome = outcome;
    return;
  }
  const outcome = await sendWhole({
    response,
    provider,
    wire,
    text: JSON.stringify(wire.enrich(parseObject(upstreamText) ?? {}, answer)),
    settings,
  });
  if (settings.fault !== "stall" || outcome !== "broken") entry.outcome = outcome;
}

async function serveProvider(context: Context, call: Call): Promise<void> {
  const wantedMethod = call.route.kind === "models" ? "GET" : "POST";
  if (call.request.method !== wantedMethod) {
    sendError(call, { status: 405, type: "method_not_allowed", message: `Use ${wantedMethod}` });
    return;
  }
  if (call.wire.findKey(call.request.headers, call.query) === null) {
    const type =
      call.provider === "anthropic"
        ? "authentication_error"
        : call.provider === "google"
          ? "UNAUTHENTICATED"
          : "invalid_api_key";
    sendError(call, { status: 401, type, message: "An API key is needed; in the sandbox any will do" });
    return;
  }
  if (call.route.kind === "models") serveModels(context, call);
  else await serveGeneration(context, call);
}

async function serve(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://sandbox");
  const testId = headerOf(request.headers["x-test-id"]);
  if (url.pathname === "/control" || url.pathname.startsWith("/control/")) {
    return serveControl(context, url.pathname, request, response, testId);
  }
  if (url.pathname === "/journal") return serveJournal(context, request, response, testId);
  const [, provider = "", rest = ""] = /^\/([a-z]+)(\/.*)$/.exec(url.pathname) ?? [];
  const wire = isProvider(provider) ? WIRES[provider] : null;
  const route = wire?.parseRoute(rest) ?? null;
  if (!isProvider(provider) || wire === null || route === null) {
    return sendJson(response, 404, {
      error: { message: `The sandbox has no ${url.pathname}`, type: "not_found" },
    });
  }
  await serveProvider(context, { request, response, provider, wire, route, query: url.searchParams, testId });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Loopback only: whoever reaches the control can break things.
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
      else reject(new Error("the server has no port"));
    });
  });
}

/** Starts the stand-ins. Rejects when the port is taken. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const upstream = await startUpstream();
  const context: Context = {
    faults: new FaultBoard(() => new Date().toISOString()),
    journal: new Journal(),
    upstream,
    paceMs: options.paceMs,
  };
  const server = createServer((request, response) => {
    serve(context, request, response).catch((error: unknown) => {
      // A client that goes away in mid-request ends here too; then there is nobody left to answer.
      if (response.headersSent || response.destroyed) response.destroy();
      else sendJson(response, 500, { error: { message: `sandbox bug: ${String(error)}`, type: "sandbox" } });
    });
  });
  // An idle connection that closes by itself would look like a fault nobody asked for.
  server.keepAliveTimeout = 0;
  let port: number;
  try {
    port = await listen(server, options.port);
  } catch (error) {
    await upstream.close();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
      await upstream.close();
    },
  };
}
