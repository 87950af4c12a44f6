/** Holds every model call against its organization's budget, and says what is left. Rules HT156 to HT159. */
import type { MiddlewareHandler } from "hono";
import type { Clock } from "../../base/clock.ts";
import { readPrincipal, type AppEnv } from "../app-env.ts";
import { toRetryAfter } from "../door/answer-failure.ts";
import { toLoggedPath } from "../logged-path.ts";
import { refuse } from "../respond.ts";
import type { CallBudget } from "../../routing/budgets/call-budget.ts";
import type { WriteLimit } from "./rate-limit-headers.ts";

export function limitCalls(
  clock: Clock,
  budget: CallBudget,
  writeLimit: WriteLimit,
): MiddlewareHandler<AppEnv> {
  return async (context, next) => {
    const nowMs = clock.nowMs();
    const allowance = budget.take(readPrincipal(context).organizationId, nowMs);
    if (allowance.granted) {
      await next();
      writeLimit(context.res.headers, allowance, budget.limit, nowMs);
      return undefined;
    }
    context.get("log").write("warn", "rate_limit_exceeded", {
      request_id: context.get("requestId"),
      path: toLoggedPath(context.req.path),
    });
    const refusal = refuse(
      context,
      "rate-limited",
      `This organization may make ${budget.limit} calls a minute.`,
      { headers: toRetryAfter(allowance) },
    );
    writeLimit(refusal.headers, allowance, budget.limit, nowMs);
    return refusal;
  };
}
