/** `GET /health` and `GET /v1/router/health`: one answer, with a word and a latency for each dependency. Rules HT22, HT23, OP60. */
import type { Hono } from "hono";
import { describeError } from "../../auth/store/describe-error.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import type { Services } from "../services.ts";

/** A dependency that takes longer is of no use to a request either. */
const CHECK_TIMEOUT_MS = 1_000;

interface CheckResult {
  readonly status: "ok" | "failed";
  readonly latency_ms: number;
}

/** Whoever asks sooner is given the answer that is there: strangers may ask as often as they like, and each look calls every health object. */
const LOOK_EVERY_MS = 1_000;
/** An older one is given to nobody, although somebody is looking: they may have gone away meanwhile. */
const TRUSTED_FOR_MS = LOOK_EVERY_MS + 2 * CHECK_TIMEOUT_MS;

interface Look {
  readonly atMs: number;
  readonly timestamp: string;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export function addHealthRoutes(app: Hono<AppEnv>, services: Services): void {
  // Plain data, so that one request may be given what another has found.
  let last: Look | null = null;
  let lookedAtMs = -Infinity;

  const look = async (context: AppContext): Promise<Look> => {
    const nowMs = services.clock.nowMs();
    const sinceMs = nowMs - lookedAtMs;
    if (last !== null && sinceMs >= 0 && sinceMs < LOOK_EVERY_MS && nowMs - last.atMs < TRUSTED_FOR_MS) {
      return last;
    }
    lookedAtMs = nowMs;
    const results = await Promise.all(
      Object.entries(services.healthChecks).map(async ([name, check]): Promise<[string, CheckResult]> => [
        name,
        await runCheck(services, name, check),
      ]),
    );
    last = { atMs: nowMs, timestamp: context.get("nowIso")(), checks: Object.fromEntries(results) };
    return last;
  };

  const answer = async (context: AppContext): Promise<Response> => {
    const { timestamp, checks } = await look(context);
    const ok = Object.values(checks).every(({ status }) => status === "ok");
    const body = {
      status: ok ? "healthy" : "unhealthy",
      ok,
      version: services.version,
      environment: services.environment,
      timestamp,
      checks,
    };
    return context.json(body, ok ? 200 : 503);
  };
  app.get("/health", answer);
  app.get("/v1/router/health", answer);
}

async function runCheck(services: Services, name: string, check: () => Promise<void>): Promise<CheckResult> {
  const { clock, log } = services;
  const startedAtMs = clock.nowMs();
  const finished = new AbortController();
  const timeout = async (): Promise<void> => {
    await clock.sleep(CHECK_TIMEOUT_MS, finished.signal);
    if (!finished.signal.aborted) throw new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`);
  };
  try {
    await Promise.race([check(), timeout()]);
    return { status: "ok", latency_ms: clock.nowMs() - startedAtMs };
  } catch (error) {
    log.write("error", "background_failed", { task: `health:${name}`, error: describeError(error) });
    return { status: "failed", latency_ms: clock.nowMs() - startedAtMs };
  } finally {
    finished.abort();
  }
}
