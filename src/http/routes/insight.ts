/** What can be known about answers and models: `/api/v1/models`, `/api/v1/selections`, `/api/v1/analytics/*`. */
import type { Hono } from "hono";
import { toIntentAnalytics, toProviderAnalytics } from "../../analytics/summarize.ts";
import { describeError } from "../../auth/store/describe-error.ts";
import type { Principal } from "../../auth/principal.ts";
import type { CircuitStatus } from "../../protocol/circuit.ts";
import { AnalyticsQuery } from "../../protocol/analytics.ts";
import { SelectionListQuery } from "../../protocol/selection.ts";
import type { SelectionList } from "../../protocol/selection.ts";
import { readPrincipal } from "../app-env.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { readQuery } from "../body.ts";
import { refuse } from "../respond.ts";
import type { Services } from "../services.ts";

const SELECTION_ID_SHAPE = /^sel_[0-9a-hjkmnp-tv-z]{26}$/;
/** How far back the figures reach when nobody says. */
const DEFAULT_PERIOD_MS = 30 * 24 * 60 * 60 * 1000;

export function addInsightRoutes(app: Hono<AppEnv>, services: Services): void {
  app.get("/api/v1/models", async (context) => context.json(await services.modelCatalog()));
  addSelectionRoutes(app, services);
  addAnalyticsRoutes(app, services);
}

function addSelectionRoutes(app: Hono<AppEnv>, services: Services): void {
  app.get("/api/v1/selections", async (context) => {
    const query = readQuery(context, SelectionListQuery);
    if (!query.ok) return query.error;
    const { since, limit, cursor, ...filter } = query.value;
    const page = await services.selections.list(
      {
        ...filter,
        organizationId: toScope(readPrincipal(context)),
        sinceMs: since === undefined ? undefined : toSinceMs(since),
      },
      { limit, cursor },
    );
    if (!page.ok) return refuse(context, "invalid-request", "The cursor is not one that this list gave.");
    const list: SelectionList = { selections: [...page.value.selections], nextCursor: page.value.nextCursor };
    return context.json(list);
  });

  app.get("/api/v1/selections/:selectionId", async (context) => {
    const id = context.req.param("selectionId");
    const scope = toScope(readPrincipal(context));
    const record = SELECTION_ID_SHAPE.test(id) ? await services.selections.read(scope, id) : null;
    return record === null
      ? refuse(context, "not-found", "There is no such selection.")
      : context.json(record);
  });
}

function addAnalyticsRoutes(app: Hono<AppEnv>, services: Services): void {
  app.get("/api/v1/analytics/providers", async (context) => {
    const filter = readFilter(services, context);
    if (filter instanceof Response) return filter;
    const [counted, circuits] = await Promise.all([
      services.selections.readCounted(filter),
      readCircuits(services),
    ]);
    return context.json(toProviderAnalytics(filter.sinceMs, counted, circuits));
  });

  app.get("/api/v1/analytics/intents", async (context) => {
    const filter = readFilter(services, context);
    if (filter instanceof Response) return filter;
    return context.json(toIntentAnalytics(filter.sinceMs, await services.selections.readCounted(filter)));
  });
}

/** An admin sees every organization, everybody else (an admin's key too) their own. */
function toScope(principal: Principal): string | null {
  return principal.role === "admin" ? null : principal.organizationId;
}

/** A time without a zone is UTC wherever this runs. */
function toSinceMs(since: string): number {
  return Date.parse(/T[^Z+-]+$/.test(since) ? `${since}Z` : since);
}

function readFilter(
  services: Services,
  context: AppContext,
): { organizationId: string | null; sinceMs: number; limit: number } | Response {
  const query = readQuery(context, AnalyticsQuery);
  if (!query.ok) return query.error;
  const { since, limit } = query.value;
  const sinceMs = since === undefined ? services.clock.nowMs() - DEFAULT_PERIOD_MS : toSinceMs(since);
  return { organizationId: toScope(readPrincipal(context)), sinceMs, limit };
}

/** The figures are of use without the circuits, so a circuit that cannot be read is null and not an error. */
async function readCircuits(services: Services): Promise<ReadonlyMap<string, CircuitStatus>> {
  try {
    const { circuits } = await services.circuits.list();
    return new Map(circuits.map(({ snapshot }) => [snapshot.provider, snapshot.status]));
  } catch (error) {
    services.log.write("warn", "background_failed", {
      task: "analytics-circuits",
      error: describeError(error),
    });
    return new Map();
  }
}
