/** The Worker's entry: requests, queue, schedule, and the objects' classes. A table of contents. */
import type { Hono } from "hono";
import { consumeSelections } from "./consume-selections.ts";
import type { Bindings } from "./env.ts";
import { createServices } from "./http-wiring.ts";
import type { AppEnv } from "./http/app-env.ts";
import { createApp } from "./http/app.ts";
import { JOBS } from "./jobs.ts";
import { openWiring } from "./wiring.ts";

export { ChatSession } from "../durable-objects/chat-session.ts";
export { LiveConsole } from "../durable-objects/live-console.ts";
export { ProviderHealth } from "../durable-objects/provider-health.ts";

// One application for each isolate: making it costs milliseconds, and it holds nothing of any request.
const apps = new WeakMap<Bindings, Hono<AppEnv>>();

function openApp(env: Bindings): Hono<AppEnv> {
  let app = apps.get(env);
  if (app === undefined) {
    app = createApp(createServices(env));
    apps.set(env, app);
  }
  return app;
}

export default {
  fetch: (request, env, context) =>
    openWiring(env).workForCaller(request.cf, () => openApp(env).fetch(request, env, context)),
  queue: (batch, env) => consumeSelections(batch, env),
  scheduled: async (controller, env) => {
    await JOBS[controller.cron]?.(env);
  },
} satisfies ExportedHandler<Bindings>;
