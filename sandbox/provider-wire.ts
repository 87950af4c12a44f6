/**
 * What the stand-ins have to know of each provider's wire: paths, where the key stands, how a question is read out
 * of a body, what errors look like, how usage is reported. The well-formed answers themselves come from aimock.
 */
import { KNOWN_MODELS } from "../src/providers/known-models.ts";
import type { Answer } from "./answer.ts";
import type { Question, QuestionTool } from "./question.ts";

export const SANDBOX_PROVIDERS = ["anthropic", "openai", "google", "deepseek"] as const;
export type SandboxProvider = (typeof SANDBOX_PROVIDERS)[number];

export function isProvider(name: string): name is SandboxProvider {
  return SANDBOX_PROVIDERS.some((provider) => provider === name);
}

export type JsonObject = Record<string, unknown>;

export interface WireRoute {
  readonly kind: "generate" | "models" | "embed";
  /** Named in the path on Google's wire, in the body elsewhere. */
  readonly modelId: string | null;
  readonly isStream: boolean | null;
  /** The path on aimock. */
  readonly upstreamPath: string;
}

export interface ErrorSpec {
  readonly status: number;
  /** The provider's own word for it. */
  readonly type: string;
  readonly message: string;
}

export interface ProviderWire {
  readonly displayName: string;
  /** `path` is what follows `/{provider}`, query included; null when this wire has no such path. */
  parseRoute(path: string): WireRoute | null;
  findKey(
    headers: Readonly<Record<string, string | string[] | undefined>>,
    query: URLSearchParams,
  ): string | null;
  parseQuestion(body: JsonObject): Omit<Question, "modelId">;
  /** What this provider refuses in a question that can be read; `body` is what it was read from. */
  findRefusal(question: Question, body: JsonObject): ErrorSpec | null;
  toError(error: ErrorSpec): JsonObject;
  /** The bytes of an error event inside a stream. */
  toErrorEvent(error: ErrorSpec): string;
  toModelList(): JsonObject;
  /** The whole answer to a request for embeddings; null for one that cannot be read. Left out: the wire has none. */
  embed?(modelId: string, body: JsonObject): JsonObject | null;
  /** One event of aimock's as the events in which this provider would send it. */
  cut(event: JsonObject): JsonObject[];
  /** Puts the counts into one event or one whole answer, where this wire has a place for them. */
  enrich(event: JsonObject, answer: Answer): JsonObject;
  isContent(event: JsonObject): boolean;
  isFinal(event: JsonObject): boolean;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function stringsIn(value: unknown): string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.flatMap((item) => (typeof item === "string" && item !== "" ? [item] : []));
}

export function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A bearer token, or nothing. */
export function bearerOf(header: string | string[] | undefined): string | null {
  const match = /^Bearer\s+(\S+)$/i.exec(typeof header === "string" ? header : "");
  return match?.[1] ?? null;
}

export function headerOf(header: string | string[] | undefined): string | null {
  return typeof header === "string" && header.trim() !== "" ? header : null;
}

export function modelsOf(provider: SandboxProvider): { id: string; displayName: string }[] {
  return KNOWN_MODELS.filter((model) => model.provider === provider).map(({ modelId, displayName }) => ({
    id: modelId,
    displayName,
  }));
}

/** About a word a piece, as models stream. */
export const PIECE_CHARACTERS = 7;

/** A moment before all of the models, so that lists do not change from run to run. */
export const CREATED_AT = "2026-01-01T00:00:00Z";
export const CREATED_AT_SECONDS = Date.parse(CREATED_AT) / 1000;

/** A tool as any wire offers it, once its three fields are found. */
export function toTool(name: unknown, schema: unknown): QuestionTool[] {
  return typeof name === "string" ? [{ name, schema: isObject(schema) ? schema : {} }] : [];
}
