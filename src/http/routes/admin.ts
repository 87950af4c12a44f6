/** `/api/v1/admin/*`: circuits, their live socket, and the sandbox's control. For admins, by the access table. */
import type { Hono } from "hono";
import { z } from "zod";
import { assert } from "../../base/assert.ts";
import { CircuitAction, CircuitActionBody, CircuitPolicyBody } from "../../protocol/circuit.ts";
import type { CircuitList } from "../../protocol/circuit.ts";
import { readPrincipal } from "../app-env.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { readJson } from "../body.ts";
import { refuse } from "../respond.ts";
import type { Services } from "../services.ts";
import { isSocketUpgrade, toObjectRequest, toPrincipalHeader, toSocketAnswer } from "../socket-request.ts";

/** As providers are named in a pinned target; anything else is not worth an object. */
const PROVIDER_SHAPE = /^[a-z][a-z0-9-]{0,39}$/;

export const SandboxFaultBody = z.strictObject({ fault: z.string().min(1).max(40) });

export function addAdminRoutes(app: Hono<AppEnv>, services: Services): void {
  addCircuitRoutes(app, services);
  addSandboxRoutes(app, services);
}

function addCircuitRoutes(app: Hono<AppEnv>, services: Services): void {
  app.get("/api/v1/admin/circuits", async (context) => {
    const known = await services.circuits.list();
    const list: CircuitList = { ...known, serverTimeMs: services.clock.nowMs() };
    return context.json(list);
  });

  app.post("/api/v1/admin/circuits/:provider/:action", async (context) => {
    const action = CircuitAction.safeParse(context.req.param("action"));
    const provider = context.req.param("provider");
    if (!action.success)
      return refuse(context, "not-found", "A circuit can be reset, opened, closed, drained or set to auto.");
    if (!PROVIDER_SHAPE.test(provider)) return refuseProvider(context);
    const body = await readJson(context, CircuitActionBody);
    if (!body.ok) return body.error;
    const principal = readPrincipal(context);
    assert(principal.kind === "user", "the access table leaves this route to admins");
    const acted = await services.circuits.act(
      provider,
      action.data,
      body.value.model ?? null,
      body.value.reason,
      principal.email,
    );
    return acted.ok ? context.json(acted.value) : refuseProvider(context);
  });

  app.put("/api/v1/admin/circuits/:provider/policy", async (context) => {
    const provider = context.req.param("provider");
    if (!PROVIDER_SHAPE.test(provider)) return refuseProvider(context);
    const body = await readJson(context, CircuitPolicyBody);
    if (!body.ok) return body.error;
    const principal = readPrincipal(context);
    assert(principal.kind === "user", "the access table leaves this route to admins");
    const { policy, reason } = body.value;
    const changed = await services.circuits.changePolicy(provider, policy, reason, principal.email);
    if (changed.ok) return context.json(changed.value);
    if (changed.error.type === "unknown-provider") return refuseProvider(context);
    return refuse(context, "invalid-request", `This policy cannot be: ${changed.error.message}.`, {
      issues: [{ path: "policy", message: changed.error.message }],
    });
  });

  app.get("/api/v1/admin/live", async (context) => {
    if (!isSocketUpgrade(context.req.raw)) {
      return refuse(context, "upgrade-required", "Open this address as a WebSocket.", {
        headers: { upgrade: "websocket" },
      });
    }
    const internal = toPrincipalHeader(readPrincipal(context));
    const request = toObjectRequest(context.req.raw, context.get("requestId"), internal);
    return toSocketAnswer(context, await services.circuits.liveSocket(request));
  });
}

function addSandboxRoutes(app: Hono<AppEnv>, services: Services): void {
  const control = services.sandboxControl;

  app.get("/api/v1/admin/sandbox", async (context) =>
    control === null ? refuseSandbox(context) : context.json(await control.list()),
  );

  app.put("/api/v1/admin/sandbox/:provider", async (context) => {
    if (control === null) return refuseSandbox(context);
    const provider = context.req.param("provider");
    if (!PROVIDER_SHAPE.test(provider)) return refuseProvider(context);
    const body = await readJson(context, SandboxFaultBody);
    if (!body.ok) return body.error;
    const set = await control.setFault(provider, body.value.fault);
    if (set.ok) return context.json(set.value);
    if (set.error === "unknown-provider") return refuseProvider(context);
    return refuse(context, "invalid-request", "The sandbox has no such fault.", {
      issues: [{ path: "fault", message: "not one of the sandbox's faults" }],
    });
  });
}

function refuseProvider(context: AppContext): Response {
  return refuse(context, "not-found", "There is no such provider.");
}

function refuseSandbox(context: AppContext): Response {
  return refuse(context, "not-found", "No provider is a stand-in here.");
}
