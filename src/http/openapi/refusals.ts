/**
 * The refusals of every operation: which of them follow from its access, its body and its address, and what each looks
 * like on its wire. Rules HT9, HT51, HT57, HT88, HT94, HT163.
 */
import type { ZodOpenApiResponseObject } from "zod-openapi";
import type { Access } from "../../auth/access.ts";
import { Problem } from "../../protocol/problem.ts";
import { toApiWire } from "../api-wire.ts";
import { ANTHROPIC_LIMIT_HEADERS, OPENAI_LIMIT_HEADERS, type ResponseHeaderName } from "./headers.ts";
import type { OperationDoc, RefusalStatus } from "./operation.ts";
import { toHeaderReferences } from "./references.ts";
import { REFUSAL_KINDS } from "./refusal-kinds.ts";
import { AnthropicRefusal } from "./shapes/anthropic-answer.ts";
import { OpenAiRefusal } from "./shapes/openai-answer.ts";

type Wire = ReturnType<typeof toApiWire>;

const WIRES: readonly Wire[] = ["own", "openai", "anthropic"];
const STATUSES: readonly RefusalStatus[] = [
  400, 401, 403, 404, 409, 413, 415, 422, 426, 429, 500, 502, 503, 504,
];
/** Of a model call: who could answer it is not known before it is made. */
export const MODEL_CALL_REFUSALS: readonly RefusalStatus[] = [404, 409, 422, 429, 502, 503, 504];

const EXAMPLE_REQUEST_ID = "req_01k9z7w0h8a4xv3n5c2b6d8e0f";

/** Every refusal of an operation, in the order of its status. */
export function toRefusalStatuses(operation: OperationDoc, access: Access): readonly RefusalStatus[] {
  const statuses = new Set<RefusalStatus>([500, ...(operation.refusals ?? [])]);
  // Who comes is looked up, and that may be away.
  if (access !== "public") for (const status of [401, 503] as const) statuses.add(status);
  if (access === "admin" || access === "person" || operation.method !== "GET") statuses.add(403);
  if (operation.path.includes(":")) statuses.add(404);
  if (operation.query !== undefined || operation.requestHeaders !== undefined) statuses.add(400);
  if (operation.body !== undefined) for (const status of [400, 413, 415] as const) statuses.add(status);
  return STATUSES.filter((status) => statuses.has(status));
}

/** The component that a refusal of an address stands in. */
export const toRefusalName = (path: string, status: RefusalStatus): string => `${toApiWire(path)}.${status}`;

/** All of them as components, for operations to refer to. */
export function toRefusalComponents(): Record<string, ZodOpenApiResponseObject> {
  return Object.fromEntries(
    WIRES.flatMap((wire) =>
      STATUSES.map((status) => [`${wire}.${status}`, toRefusal(wire, status)] as const),
    ),
  );
}

function toRefusal(wire: Wire, status: RefusalStatus): ZodOpenApiResponseObject {
  return {
    description: REFUSAL_KINDS[status].description,
    headers: toHeaderReferences(toHeaders(wire, status)),
    content: toContent(wire, status),
  };
}

function toHeaders(wire: Wire, status: RefusalStatus): readonly ResponseHeaderName[] {
  return [
    "x-request-id",
    ...(wire === "anthropic" ? (["request-id"] as const) : []),
    ...(status === 401 ? (["www-authenticate"] as const) : []),
    ...(status === 409 || status === 429 || status === 503 ? (["retry-after"] as const) : []),
    ...(status === 429 && wire === "openai" ? OPENAI_LIMIT_HEADERS : []),
    ...(status === 429 && wire === "anthropic" ? ANTHROPIC_LIMIT_HEADERS : []),
  ];
}

function toContent(wire: Wire, status: RefusalStatus): NonNullable<ZodOpenApiResponseObject["content"]> {
  switch (wire) {
    case "own":
      return { "application/problem+json": { schema: Problem, example: toProblemExample(status) } };
    case "openai":
      return { "application/json": { schema: OpenAiRefusal, example: toOpenAiExample(status) } };
    case "anthropic":
      return { "application/json": { schema: AnthropicRefusal, example: toAnthropicExample(status) } };
  }
}

function toProblemExample(status: RefusalStatus): Problem {
  const { code, title, detail } = REFUSAL_KINDS[status];
  return {
    type: `urn:breakwater:problem:${code}`,
    title,
    status,
    detail: status === 400 ? "The body does not have the expected shape." : detail,
    code,
    requestId: EXAMPLE_REQUEST_ID,
    timestamp: "2026-11-25T09:30:00.000Z",
    ...(status === 400 ? { issues: [{ path: "title", message: "Invalid input: expected string" }] } : {}),
  };
}

function toOpenAiExample(status: RefusalStatus): object {
  const { openai, detail: message } = REFUSAL_KINDS[status];
  const param = status === 400 ? "temprature" : status === 404 ? "model" : null;
  return { error: { message, param, ...openai } };
}

function toAnthropicExample(status: RefusalStatus): object {
  const { anthropic: type, detail: message } = REFUSAL_KINDS[status];
  return { type: "error", error: { type, message }, request_id: EXAMPLE_REQUEST_ID };
}
