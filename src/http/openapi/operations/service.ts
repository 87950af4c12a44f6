/** Health, and the document itself. */
import { z } from "zod";
import { ASKED_AT } from "../examples.ts";
import { toJsonAnswer, type OperationDoc } from "../operation.ts";
import { Health } from "../shapes/service.ts";

const HEALTHY = {
  status: "healthy",
  ok: true,
  version: "0.1.0",
  environment: "production",
  timestamp: ASKED_AT,
  checks: { database: { status: "ok", latency_ms: 3 }, circuits: { status: "ok", latency_ms: 5 } },
};
const ILL = {
  ...HEALTHY,
  status: "unhealthy",
  ok: false,
  checks: { database: { status: "failed", latency_ms: 1_000 }, circuits: { status: "ok", latency_ms: 5 } },
};

const toHealth = (path: string, id: string): OperationDoc => ({
  method: "GET",
  path,
  id,
  tag: "Service",
  summary: "Whether the service and what it depends on are well",
  description:
    "All checks run at once, a second at most, and once a second however many ask. Why one fails stands in the log only.",
  answers: {
    200: toJsonAnswer("Everything is well.", Health, HEALTHY),
    503: toJsonAnswer("At least one dependency failed.", Health, ILL),
  },
});

export const SERVICE_OPERATIONS: readonly OperationDoc[] = [
  toHealth("/health", "readHealth"),
  toHealth("/v1/router/health", "readRouterHealth"),
  {
    method: "GET",
    path: "/openapi.json",
    id: "readOpenApi",
    tag: "Service",
    summary: "This document",
    description: "OpenAPI 3.1, made from the shapes that check what is sent. `/docs` shows it.",
    answers: {
      200: {
        description: "The document.",
        content: { "application/json": { shape: z.looseObject({ openapi: z.string() }) } },
        headers: ["cache-control", "etag"],
      },
      304: {
        description: "Nothing changed since the `etag` that was sent.",
        headers: ["cache-control", "etag"],
      },
    },
  },
];
