/** Values that examples are put together from. Tests hold every example to its shape (rule HT162). */
import type { ApiKeyList, Me } from "../../protocol/account.ts";
import type { Leg, Receipt } from "../../protocol/answer.ts";
import type { BreakwaterEnd } from "../../protocol/breakwater-end.ts";
import type { CircuitDetail } from "../../protocol/circuit.ts";
import type { SelectionRecord } from "../../protocol/selection.ts";
import type { SessionSummary } from "../../protocol/session-api.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";

const TAIL = "01k9z7w0h8a4xv3n5c2b6d8e0f";
export const SESSION_ID = `chat_${TAIL}`;
const SELECTION_ID = `sel_${TAIL}`;
const REQUEST_ID = `req_${TAIL}`;
export const ASKED_AT = "2026-11-25T09:30:00.000Z";
const ASKED_AT_MS = Date.parse(ASKED_AT);
const SHARED_SECRET = "5".repeat(64);
export const SHARE_TOKEN = `${SESSION_ID}.${SHARED_SECRET}`;

const USAGE = {
  inputTokens: 14,
  cachedInputTokens: null,
  cacheWriteTokens: null,
  outputTokens: 26,
  reasoningTokens: null,
};
const LEG: Leg = {
  provider: "anthropic",
  model: "claude-sonnet-5",
  usage: USAGE,
  costMicroUsd: 412,
  estimated: false,
};

export const BREAKWATER_END: BreakwaterEnd = {
  status: "complete",
  legs: [LEG],
  attempts: 1,
  costMicroUsd: 412,
  selectionId: SELECTION_ID,
};

export const SESSION: SessionSummary = {
  id: SESSION_ID,
  title: "What is a breakwater?",
  createdAt: ASKED_AT,
  updatedAt: ASKED_AT,
};

const RECEIPT: Receipt = {
  status: "complete",
  turnId: `turn_${TAIL}`,
  selectionId: SELECTION_ID,
  requested: ["balanced"],
  legs: [LEG],
  attempts: 1,
  firstTokenMs: 310,
  durationMs: 1_240,
  costMicroUsd: 412,
  sandbox: false,
  notice: null,
  reasons: ["anthropic/claude-sonnet-5 is first in the class and healthy."],
  createdAt: ASKED_AT,
};

export const MESSAGES: StoredMessage[] = [
  {
    id: "msg_1",
    role: "user",
    parentId: null,
    parts: [{ type: "text", text: "What is a breakwater?" }],
    metadata: null,
    createdAt: ASKED_AT,
  },
  {
    id: "msg_2",
    role: "assistant",
    parentId: "msg_1",
    parts: [{ type: "text", text: "A wall in the sea that keeps a harbour calm.", state: "done" }],
    metadata: RECEIPT,
    createdAt: ASKED_AT,
  },
];

export const SELECTION: SelectionRecord = {
  id: SELECTION_ID,
  requestId: REQUEST_ID,
  organizationId: `org_${TAIL}`,
  userId: `user_${TAIL}`,
  sessionId: SESSION_ID,
  turnId: `turn_${TAIL}`,
  createdAt: ASKED_AT,
  requested: ["balanced"],
  mode: "class",
  intent: "question",
  candidates: [
    {
      provider: "anthropic",
      model: "claude-sonnet-5",
      place: 1,
      reason: "First in the class and healthy.",
      circuit: "CLOSED",
      facts: null,
    },
  ],
  decision: null,
  attempts: [
    {
      provider: "anthropic",
      model: "claude-sonnet-5",
      startedAtMs: 2,
      durationMs: 1_238,
      firstTokenMs: 308,
      outcome: "success",
      error: null,
      hedge: false,
      usage: USAGE,
      costMicroUsd: 412,
    },
  ],
  status: "complete",
  provider: "anthropic",
  model: "claude-sonnet-5",
  affinity: false,
  firstTokenMs: 310,
  durationMs: 1_240,
  usage: USAGE,
  costMicroUsd: 412,
  sandbox: false,
};

export const CIRCUIT: CircuitDetail = {
  snapshot: {
    provider: "anthropic",
    version: 4,
    status: "OPEN",
    mode: "auto",
    suspect: true,
    openUntilMs: ASKED_AT_MS + 5_000,
    coolDownUntilMs: null,
    reason: "Three failures in a row.",
    failureCount: 3,
    failureThreshold: 3,
    changedAtMs: ASKED_AT_MS,
    models: [],
  },
  recentCalls: [
    {
      atMs: ASKED_AT_MS,
      kind: "call",
      model: "claude-sonnet-5",
      ok: false,
      latencyMs: 120,
      error: "unavailable",
      requestId: REQUEST_ID,
    },
  ],
  transitions: [
    {
      version: 4,
      provider: "anthropic",
      model: null,
      from: "CLOSED",
      to: "OPEN",
      atMs: ASKED_AT_MS,
      reason: "Three failures in a row.",
      failureCount: 3,
      requestIds: [REQUEST_ID],
      actor: null,
    },
  ],
  firstTokenP50Ms: 310,
  firstTokenP95Ms: 540,
  nextProbeAtMs: ASKED_AT_MS + 5_000,
  sandbox: false,
  policy: { failureThreshold: 3, openBaseMs: 5_000 },
  policyChanges: [],
  regions: [],
  probeSpendTodayMicroUsd: 120,
};

export const ME: Me = {
  user: { id: `user_${TAIL}`, email: "person@example.com", name: "A person", role: "member" },
  organization: { id: `org_${TAIL}`, name: "A person" },
  sandbox: true,
  environment: "local",
};

export const API_KEY: ApiKeyList["keys"][number] = {
  id: `key_${TAIL}`,
  name: "Nightly report",
  start: "bw_k3J9",
  createdAt: ASKED_AT,
  lastUsedAt: null,
};
