/** The circuits as an admin sees and handles them, and as a test turns their clock forward. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { CallOutcome } from "../../src/circuit/outcome.ts";
import {
  AdminLiveFrame,
  CircuitDetail,
  CircuitList,
  type CircuitAction,
} from "../../src/protocol/circuit.ts";
import { healSandbox, waitUntil } from "./sandbox-control.ts";
import { FrameSocket } from "./sandbox-frames.ts";
import type { Visitor } from "./sandbox-people.ts";

export const PROVIDERS = ["anthropic", "openai", "google", "deepseek"];

export const healthOf = (provider: string) =>
  env.PROVIDER_HEALTH.get(env.PROVIDER_HEALTH.idFromName(provider));

/** A call as isolates report it. */
export const outcomeOf = (
  verdict: CallOutcome["verdict"],
  changes: Partial<CallOutcome> = {},
): CallOutcome => ({
  verdict,
  requestId: "req_1",
  model: "m",
  atMs: 1,
  latencyMs: 1,
  scope: "provider",
  tokensPerSecond: null,
  retryAfterMs: null,
  message: verdict === "success" ? "" : `${verdict}, says the test`,
  ...changes,
});

export async function readCircuit(admin: Visitor, provider: string): Promise<CircuitDetail> {
  const answer = await admin.call("GET", "/api/v1/admin/circuits");
  const found = CircuitList.parse(await answer.json()).circuits.find(
    (circuit) => circuit.snapshot.provider === provider,
  );
  if (found === undefined) throw new Error(`no circuit of ${provider}`);
  return found;
}

/** Every stand-in works again, and the circuits of these providers are closed: tests break them again and again. */
export async function mendProviders(admin: Visitor, providers: readonly string[] = PROVIDERS): Promise<void> {
  await healSandbox();
  for (const provider of providers) await act(admin, provider, "close", "tests break it again and again");
}

/** `model` names one model's circuit; left out: the provider's own. */
export async function act(
  admin: Visitor,
  provider: string,
  action: CircuitAction,
  reason: string,
  model?: string,
): Promise<CircuitDetail> {
  const body = model === undefined ? { reason } : { reason, model };
  const answer = await admin.call("POST", `/api/v1/admin/circuits/${provider}/${action}`, body);
  if (!answer.ok) throw new Error(`the circuit answered ${answer.status}: ${await answer.text()}`);
  return CircuitDetail.parse(await answer.json());
}

export async function openConsole(admin: Visitor): Promise<FrameSocket<AdminLiveFrame>> {
  const answer = await admin.upgrade("/api/v1/admin/live");
  if (answer.webSocket === null) throw new Error(`no console: ${answer.status} ${await answer.text()}`);
  return new FrameSocket(answer.webSocket, (json) => AdminLiveFrame.parse(json));
}

/** What the object has stored, changed while it sleeps: the next call finds it so. */
export async function editStored(provider: string, ...statements: readonly string[]): Promise<void> {
  const stub = healthOf(provider);
  await evictDurableObject(stub);
  await runInDurableObject(stub, (_, { storage }) => {
    for (const statement of statements) storage.sql.exec(statement);
  });
}

/** Every time that an open circuit, the provider's or a model's, has to wait for, and the alarm's own. */
const TIME_IS_OVER = [
  "update circuits set state = json_replace(state, '$.provider.state.openUntilMs', 1)",
  `update circuits set state = json_set(state, '$.models', json((
     select json_group_object(key, json_replace(value, '$.breaker.state.openUntilMs', 1))
     from json_each(state, '$.models'))))`,
  "update alarm set due_at_ms = 1",
];

/** Lets the open times be over and the alarm fire, as the platform would some seconds later. */
export async function passOpenTime(provider: string): Promise<boolean> {
  await editStored(provider, ...TIME_IS_OVER);
  return runDurableObjectAlarm(healthOf(provider));
}

/** The open times are over, and nothing is left that would notice. */
export async function forgetOpenTime(provider: string): Promise<void> {
  await editStored(provider, ...TIME_IS_OVER, "delete from alarm");
  await runInDurableObject(healthOf(provider), (_, { storage }) => storage.deleteAlarm());
}

/** Until the circuit stands where it should. */
export function waitForStatus(admin: Visitor, provider: string, status: string): Promise<CircuitDetail> {
  return waitUntil(
    () => readCircuit(admin, provider),
    (circuit) => circuit.snapshot.status === status,
  );
}
