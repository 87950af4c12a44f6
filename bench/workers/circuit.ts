/**
 * The Worker of `npm run bench -- circuit`: the product as it is, behind a few doors for the bench. What it adds is a
 * watch on the binding of ProviderHealth and on outgoing calls; nothing of it is ever deployed.
 */
import { LIVE_CONSOLE_NAME } from "../../durable-objects/live-console.ts";
import { readTargetCircuit } from "../../src/circuit/target-circuit.ts";
import type { Bindings } from "../../src/env.ts";
import { openWiring } from "../../src/wiring.ts";
import worker from "../../src/worker.ts";
import { ObjectWatch } from "./watched-objects.ts";

export { ChatSession, LiveConsole, ProviderHealth } from "../../src/worker.ts";

type IncomingRequest = Parameters<typeof worker.fetch>[0];

const watch = new ObjectWatch();
/** Object calls that had been answered when a request's own call left for its provider: somebody waited for them. */
let waitedFor = 0;
/** Completions that reached a provider. */
let sent = 0;

const plainFetch = globalThis.fetch;
globalThis.fetch = (input: RequestInfo | URL, init?: RequestInit) => {
  if ((init?.method ?? "GET") === "POST") {
    sent += 1;
    waitedFor += watch.answeredSinceMark;
  }
  return plainFetch(input, init);
};

/** The provider that the design which asks first asks about. */
const ASKED_PROVIDER = "openai";

async function serve(request: IncomingRequest, env: Bindings, context: ExecutionContext): Promise<Response> {
  const watched = watch.wrap(env);
  const design = request.headers.get("x-bench-design");
  watch.mark();
  if (design !== "ask-first") return worker.fetch(request, watched, context);
  // What Portkey's branch does: an object call before each request, and one with the outcome after it.
  const health = watched.PROVIDER_HEALTH.get(watched.PROVIDER_HEALTH.idFromName(ASKED_PROVIDER));
  await health.readSnapshot(ASKED_PROVIDER);
  const response = await worker.fetch(request, watched, context);
  context.waitUntil(health.reportOutcomes(ASKED_PROVIDER, []));
  return response;
}

async function serveBench(url: URL, request: Request, env: Bindings): Promise<Response> {
  const watched = watch.wrap(env);
  const wiring = openWiring(watched);
  switch (url.pathname) {
    case "/bench/settings":
      watch.delayMs = Number(url.searchParams.get("delayMs") ?? "0");
      return Response.json({ ok: true });
    case "/bench/counts":
      return Response.json({ calls: watch.calls, waitedFor, sent });
    case "/bench/heard":
      return Response.json(watch.takeHeard());
    case "/bench/checks":
      return Response.json({ open: countOpen(watched, Number(url.searchParams.get("count") ?? "0")) });
    case "/bench/control": {
      const provider = url.searchParams.get("provider") ?? "";
      const action = url.searchParams.get("action") === "open" ? "open" : "reset";
      const detail = await wiring.health(provider).control(provider, action, "benchmark", "bench", null);
      return Response.json({ atMs: detail.transitions[0]?.atMs ?? null });
    }
    case "/bench/console":
      return env.LIVE_CONSOLE.get(env.LIVE_CONSOLE.idFromName(LIVE_CONSOLE_NAME)).fetch(request);
    default:
      return new Response("No such door.", { status: 404 });
  }
}

/** So many checks of a target's circuit, as a plan makes them; gives what it read, so that nothing is optimized away. */
function countOpen(env: Bindings, count: number): number {
  const wiring = openWiring(env);
  const { catalog } = wiring;
  const circuits = wiring.circuits();
  let open = 0;
  for (let index = 0; index < count; index += 1) {
    const target = catalog.targets[index % catalog.targets.length];
    if (target === undefined) break;
    if (readTargetCircuit(circuits.read(target.provider), target.modelId)?.status === "OPEN") open += 1;
  }
  return open;
}

export default {
  fetch: (request, env, context) => {
    const url = new URL(request.url);
    return url.pathname.startsWith("/bench/") ? serveBench(url, request, env) : serve(request, env, context);
  },
  queue: (batch, env) => worker.queue(batch, env),
  scheduled: (controller, env) => worker.scheduled(controller, env),
} satisfies ExportedHandler<Bindings>;
