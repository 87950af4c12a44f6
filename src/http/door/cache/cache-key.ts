/**
 * The name under which an answer is kept: a hash of everything that decides it, whatever wire it was asked on. Pure.
 * Rules HT141, HT142.
 */
import { createHash } from "@better-auth/utils/hash";
import type { AnswerInput, ResolvedModels } from "../../../routing/run-answer.ts";

/** Another number makes every kept answer unknown: raise it when a call comes to mean something else. */
const KEY_VERSION = 2;
/**
 * No schema and no arguments of a tool are nested deeper; a body that is, was made to overflow a stack. It is why the
 * canonical form is written here: libraries for it (RFC 8785) go as deep as they are led.
 */
const MAX_DEPTH = 64;

export type KeyedInput = Pick<AnswerInput, "organizationId" | "models" | "policy" | "call">;

/** SHA-256 in lower-case hexadecimal; null for a call that no kept answer can be the answer to. */
export async function toCacheKey(
  input: KeyedInput,
  isSandbox: (provider: string) => boolean,
): Promise<string | null> {
  // Proofs of thoughts are not kept, so that it is the same answer with and without the wish for them.
  const { native, wantsProofs: _, ...call } = input.call;
  // What only one wire can say, its answer may say things that only this wire can: they are not kept.
  if (native !== undefined && native.onlyHere.length > 0) return null;
  const text = toCanonicalText({
    version: KEY_VERSION,
    organizationId: input.organizationId,
    policy: input.policy,
    requested: input.models.requested,
    targets: listTargets(input.models, isSandbox),
    call,
    // Our words have three efforts, Anthropic is sent the budget itself.
    thinking: native?.body["thinking"],
  });
  return text === null ? null : createHash("SHA-256", "hex").digest(text);
}

/** A class that was changed, or a stand-in where a model was, is somebody else to ask. */
function listTargets({ models }: ResolvedModels, isSandbox: (provider: string) => boolean): unknown[] {
  return models
    .flatMap((model) => (model.type === "class" ? model.targets : [model.target]))
    .map(({ provider, model }) => [provider, model, isSandbox(provider)]);
}

/**
 * JSON with sorted names and without what is undefined: the same text for the same value, another for every other.
 * Null for a value that is no JSON, or too deep.
 */
export function toCanonicalText(value: unknown, depth = 0): string | null {
  if (depth > MAX_DEPTH) return null;
  if (value === null || typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "number") return Number.isFinite(value) ? JSON.stringify(value) : null;
  if (Array.isArray(value)) return toListText(value, depth);
  if (value instanceof URL) return JSON.stringify(value.href);
  if (typeof value !== "object" || !isPlain(value)) return null;
  return toRecordText(value, depth);
}

function toListText(values: readonly unknown[], depth: number): string | null {
  const texts: string[] = [];
  for (const value of values) {
    const text = toCanonicalText(value, depth + 1);
    if (text === null) return null;
    texts.push(text);
  }
  return `[${texts.join(",")}]`;
}

function toRecordText(record: object, depth: number): string | null {
  const texts: string[] = [];
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries.toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const text = toCanonicalText(value, depth + 1);
    if (text === null) return null;
    texts.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${texts.join(",")}}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
