/** The console's routes, for admins: circuits, their policies, their live socket, the stand-ins of a sandbox. */
import { CircuitPolicyChange } from "../../../circuit/policy.ts";
import {
  CircuitActionBody,
  CircuitDetail,
  CircuitList,
  CircuitPolicyBody,
} from "../../../protocol/circuit.ts";
import { SandboxState } from "../../../protocol/sandbox-state.ts";
import { SandboxFaultBody } from "../../routes/admin.ts";
import { ASKED_AT, CIRCUIT } from "../examples.ts";
import { toJsonAnswer, toJsonBody, type OperationDoc } from "../operation.ts";

const tag = "Console";
const POLICY_NAMES = Object.keys(CircuitPolicyChange.shape)
  .map((name) => `\`${name}\``)
  .join(", ");
const SANDBOX = {
  providers: [{ provider: "anthropic", fault: null, requests: 12 }],
  faults: ["none", "server-error", "cut"],
};

export const ADMIN_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "GET",
    path: "/api/v1/admin/circuits",
    id: "listCircuits",
    tag,
    summary: "Every provider's circuit",
    answers: {
      200: toJsonAnswer("The circuits.", CircuitList, {
        circuits: [CIRCUIT],
        unreachable: [],
        serverTimeMs: Date.parse(ASKED_AT),
      }),
    },
  },
  {
    method: "POST",
    path: "/api/v1/admin/circuits/:provider/:action",
    id: "actOnCircuit",
    tag,
    summary: "Reset, open, close or drain a circuit, or leave it to its rules",
    description: "The reason is kept beside the address of who did it.",
    body: toJsonBody(CircuitActionBody, {
      provider: { summary: "The provider's own circuit", value: { reason: "Maintenance until noon" } },
      model: { summary: "One model's", value: { reason: "Answers are odd", model: "claude-sonnet-5" } },
    }),
    answers: { 200: toJsonAnswer("The circuit as it is now.", CircuitDetail, CIRCUIT) },
  },
  {
    method: "PUT",
    path: "/api/v1/admin/circuits/:provider/policy",
    id: "changeCircuitPolicy",
    tag,
    summary: "Change the numbers that a circuit goes by",
    description: `Some of these, and why: ${POLICY_NAMES}. A number that cannot be is named and changes nothing.`,
    body: toJsonBody(CircuitPolicyBody, {
      patience: {
        summary: "More patience",
        value: { reason: "A slow week", policy: { failureThreshold: 5 } },
      },
    }),
    answers: { 200: toJsonAnswer("The circuit with its policy.", CircuitDetail, CIRCUIT) },
  },
  {
    method: "GET",
    path: "/api/v1/admin/live",
    id: "openConsoleSocket",
    tag,
    summary: "The console's live socket",
    description: "An upgrade to a WebSocket: circuits as they change, selections as they end.",
    answers: { 101: { description: "The socket is open." } },
    refusals: [426],
    frames: { client: null, server: "AdminLiveFrame" },
  },
  {
    method: "GET",
    path: "/api/v1/admin/sandbox",
    id: "readSandbox",
    tag,
    summary: "The stand-ins, and how they can be broken",
    answers: { 200: toJsonAnswer("The stand-ins.", SandboxState, SANDBOX) },
    refusals: [404],
  },
  {
    method: "PUT",
    path: "/api/v1/admin/sandbox/:provider",
    id: "breakStandIn",
    tag,
    summary: "Break a stand-in, or mend it",
    body: toJsonBody(SandboxFaultBody, {
      broken: { summary: "Every call fails", value: { fault: "server-error" } },
      mended: { summary: "Well again", value: { fault: "none" } },
    }),
    answers: { 200: toJsonAnswer("The stand-ins as they are now.", SandboxState, SANDBOX) },
  },
];
