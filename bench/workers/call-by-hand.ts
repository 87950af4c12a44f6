/**
 * What a call owes, in the fewest lines, for `npm run bench -- http`: a key is looked up, the body is read, the call has a
 * deadline, the answer has our headers, two lines go to the log, and a record is put down. It shows what those duties take
 * of a forwarding Worker's rate before there is any gateway: nobody is chosen or checked, nothing is tried again, and the
 * records go nowhere.
 */
import { hashSecret } from "../../src/auth/store/hash-secret.ts";
import { newRequestId } from "../../src/base/id.ts";
import { writeOpenAiLimit } from "../../src/http/middleware/rate-limit-headers.ts";
import { SECURITY_HEADERS } from "../../src/http/security-headers.ts";
import { isObject } from "../../src/providers/is-object.ts";
import { consoleLog, systemIdSource } from "../../src/system.ts";

interface ByHandBindings {
  readonly UPSTREAM_URL: string;
  readonly KEY: string;
}

const DEADLINE_MS = 60_000;
const CALLS_A_MINUTE = 1_000_000;
const RECORDS_KEPT = 40;
const TARGET = { provider: "openai", model: "gpt-bench" };
const PATH = "/v1/chat/completions";

/** By the hash of their key. */
const owners = new Map<string, { readonly user: string; readonly organization: string }>();
let records: string[] = [];
let remaining = CALLS_A_MINUTE;

function findOwner(request: Request, key: string) {
  if (owners.size === 0) owners.set(hashSecret(key), { user: "user_bench", organization: "org_bench" });
  return owners.get(hashSecret(request.headers.get("authorization")?.slice("Bearer ".length) ?? ""));
}

async function ask(url: string, request: object): Promise<unknown> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), DEADLINE_MS);
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer bench" },
      body: JSON.stringify({ ...request, model: TARGET.model }),
      signal: controller.signal,
    });
    return await answer.json();
  } finally {
    clearTimeout(timer);
  }
}

function keepRecord(record: object): void {
  records.push(JSON.stringify(record));
  if (records.length === RECORDS_KEPT) records = [];
}

export default {
  fetch: async (request, env) => {
    const startedMs = Date.now();
    const requestId = newRequestId(systemIdSource);
    const owner = findOwner(request, env.KEY);
    if (owner === undefined) return new Response("no such key", { status: 401 });
    const body: unknown = await request.json();
    if (!isObject(body) || !Array.isArray(body["messages"]))
      return new Response("no messages", { status: 400 });
    const answer = await ask(`${env.UPSTREAM_URL}/chat/completions`, body);
    if (!isObject(answer) || !isObject(answer["usage"])) return new Response("no answer", { status: 502 });
    const tokens = Number(answer["usage"]["total_tokens"]);
    const durationMs = Date.now() - startedMs;
    const known = { request_id: requestId, ...TARGET };
    consoleLog.write("info", "provider_success", {
      ...known,
      latency_ms: durationMs,
      tokens,
      cost_usd: null,
    });
    keepRecord({ ...known, ...owner, startedMs, durationMs, usage: answer["usage"] });
    const response = Response.json(
      { ...answer, model: body["model"], breakwater: { status: "complete", attempts: 1, requestId } },
      {
        headers: {
          ...SECURITY_HEADERS,
          "x-request-id": requestId,
          "cache-control": "no-store",
          "x-breakwater-provider": TARGET.provider,
          "x-breakwater-model": TARGET.model,
          "x-breakwater-attempts": "1",
        },
      },
    );
    remaining -= 1;
    const allowance = { granted: true, remaining, retryAfterMs: 0, fullInMs: 60 };
    writeOpenAiLimit(response.headers, allowance, CALLS_A_MINUTE, startedMs);
    consoleLog.write("info", "request_completed", {
      request_id: requestId,
      method: request.method,
      path: PATH,
      status: response.status,
      duration_ms: durationMs,
      user_id: owner.user,
      org_id: owner.organization,
    });
    return response;
  },
} satisfies ExportedHandler<ByHandBindings>;
