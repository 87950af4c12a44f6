/** What can be known about answers and models. */
import { AnalyticsQuery, IntentAnalytics, ProviderAnalytics } from "../../../protocol/analytics.ts";
import { ModelCatalog } from "../../../protocol/model-list.ts";
import { SelectionList, SelectionListQuery, SelectionRecord } from "../../../protocol/selection.ts";
import { ASKED_AT, SELECTION } from "../examples.ts";
import { toJsonAnswer, type OperationDoc } from "../operation.ts";

const CATALOG = {
  sandbox: false,
  classes: [
    {
      name: "balanced",
      description: "Good answers at a fair price.",
      targets: ["anthropic/claude-sonnet-5"],
    },
  ],
  targets: [
    {
      target: "anthropic/claude-sonnet-5",
      provider: "anthropic",
      model: "claude-sonnet-5",
      displayName: "Claude Sonnet 5",
      contextTokens: 200_000,
      inputMicroUsdPerMillion: 3_000_000,
      outputMicroUsdPerMillion: 15_000_000,
      vision: true,
      tools: true,
      reasoning: true,
      sandbox: false,
      circuit: "CLOSED",
    },
  ],
};
const PROVIDER_FIGURES = {
  provider: "anthropic",
  requests: 12,
  complete: 11,
  failed: 1,
  models: [{ model: "claude-sonnet-5", requests: 12 }],
  affinityRate: 0.5,
  firstTokenP50Ms: 310,
  firstTokenP95Ms: 540,
  inputTokens: 4_200,
  outputTokens: 9_800,
  costMicroUsd: 159_600,
  unpricedRequests: 0,
  circuit: "CLOSED",
};

export const INSIGHT_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "GET",
    path: "/api/v1/models",
    id: "readModelCatalog",
    tag: "Models",
    summary: "Classes and targets with prices, abilities and circuits",
    description: "Prices are micro-dollars for a million tokens; null when unknown.",
    answers: { 200: toJsonAnswer("The catalog.", ModelCatalog, CATALOG) },
  },
  {
    method: "GET",
    path: "/api/v1/selections",
    id: "listSelections",
    tag: "Insight",
    summary: "Routing decisions, newest first",
    description:
      "Members and programs see those of their organization, admins all. With `provider` or `status` a page looks through 5,000 at the most: go on with `nextCursor` until there is none.",
    query: SelectionListQuery,
    answers: {
      200: toJsonAnswer("A page of selections.", SelectionList, {
        selections: [SELECTION],
        nextCursor: null,
      }),
    },
  },
  {
    method: "GET",
    path: "/api/v1/selections/:selectionId",
    id: "readSelection",
    tag: "Insight",
    summary: "One routing decision: candidates, reasons, attempts, cost",
    answers: { 200: toJsonAnswer("The selection.", SelectionRecord, SELECTION) },
  },
  {
    method: "GET",
    path: "/api/v1/analytics/providers",
    id: "readProviderAnalytics",
    tag: "Insight",
    summary: "Requests, outcomes, times, tokens and cost for each provider",
    query: AnalyticsQuery,
    answers: {
      200: toJsonAnswer("The figures.", ProviderAnalytics, {
        since: ASKED_AT,
        total: 12,
        limited: false,
        costMicroUsd: 159_600,
        unpricedRequests: 0,
        providers: [PROVIDER_FIGURES],
      }),
    },
  },
  {
    method: "GET",
    path: "/api/v1/analytics/intents",
    id: "readIntentAnalytics",
    tag: "Insight",
    summary: "What was asked for, by provider and mode",
    query: AnalyticsQuery,
    answers: {
      200: toJsonAnswer("The figures.", IntentAnalytics, {
        since: ASKED_AT,
        total: 12,
        limited: false,
        intents: [
          {
            intent: "question",
            requests: 12,
            breakdown: [{ provider: "anthropic", mode: "class", requests: 12 }],
          },
        ],
      }),
    },
  },
];
