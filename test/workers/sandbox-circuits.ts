/** The circuits as an admin sees and handles them, and as a test turns their clock forward. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import {
  AdminLiveFrame,
  CircuitDetail,
  CircuitList,
  type CircuitAction,
} from "../../src/protocol/circuit.ts";
import { waitUntil } from "./sandbox-control.ts";
import { FrameSocket } from "./sandbox-frames.ts";
import type { Visitor } from "./sandbox-people.ts";

export const healthOf = (provider: string) =>
  env.PROVIDER_HEALTH.get(env.PROVIDER_HEALTH.idFromName(provider));

export async function readCircuit(admin: Visitor, provider: string): Promise<CircuitDetail> {
  const answer = await admin.call("GET", "/api/v1/admin/circuits");
  const found = CircuitList.parse(await answer.json()).circuits.find(
    (circuit) => circuit.snapshot.provider === provider,
  );
  if (found === undefined) throw new Error(`no circuit of ${provider}`);
  return found;
}

export async function act(
  admin: Visitor,
  provider: string,
  action: CircuitAction,
  reason: string,
): Promise<CircuitDetail> {
  const answer = await admin.call("POST", `/api/v1/admin/circuits/${provider}/${action}`, { reason });
  if (!answer.ok) throw new Error(`the circuit answered ${answer.status}: ${await answer.text()}`);
  return CircuitDetail.parse(await answer.json());
}

export async function openConsole(admin: Visitor): Promise<FrameSocket<AdminLiveFrame>> {
  const answer = await admin.upgrade("/api/v1/admin/live");
  if (answer.webSocket === null) throw new Error(`no console: ${answer.status} ${await answer.text()}`);
  return new FrameSocket(answer.webSocket, (json) => AdminLiveFrame.parse(json));
}

/** Lets the open time be over and the alarm fire, as the platform would some seconds later. */
export async function passOpenTime(provider: string): Promise<boolean> {
  await runInDurableObject(healthOf(provider), (_, { storage }) => {
    storage.sql.exec("update breaker set state = json_set(state, '$.state.openUntilMs', 1)");
    storage.sql.exec("update alarm set due_at_ms = 1");
  });
  return runDurableObjectAlarm(healthOf(provider));
}

/** Until the circuit stands where it should. */
export function waitForStatus(admin: Visitor, provider: string, status: string): Promise<CircuitDetail> {
  return waitUntil(
    () => readCircuit(admin, provider),
    (circuit) => circuit.snapshot.status === status,
  );
}
