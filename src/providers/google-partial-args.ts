/**
 * The arguments of a Google tool call that come value by value, each with the path that it belongs to, as JSON text that
 * grows. The Gemini API sends calls whole; models that are asked to stream them send these. Pure. Rule PR121. Source:
 * Google's API reference, `FunctionCall.partialArgs`, whose paths are JSONPath (RFC 9535) without wildcards.
 */
import { isObject } from "./is-object.ts";

/** `.name`, `[3]`, `['name']` and `["name"]`. */
const STEP = /\.([^.[\]]+)|\[(\d{1,6})\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;
const MAX_DEPTH = 64;

/** A name in an object, or a place in a list. */
type Key = string | number;

/** The keys of a path; null for one that cannot be read. */
function readPath(path: unknown): readonly Key[] | null {
  if (typeof path !== "string" || !path.startsWith("$")) return null;
  const keys: Key[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < path.length) {
    const step = STEP.exec(path);
    if (step === null || keys.length === MAX_DEPTH) return null;
    const [, name, index, single, double] = step;
    const quoted = (single ?? double)?.replaceAll(/\\(.)/g, "$1");
    keys.push(index === undefined ? (name ?? quoted ?? "") : Number(index));
  }
  return keys.length === 0 ? null : keys;
}

/** Undefined for none. */
function readValue(arg: Record<string, unknown>): string | number | boolean | null | undefined {
  const { stringValue, numberValue, boolValue } = arg;
  if (typeof stringValue === "string") return stringValue;
  if (typeof numberValue === "number") return numberValue;
  if (typeof boolValue === "boolean") return boolValue;
  return "nullValue" in arg ? null : undefined;
}

/** An object or a list whose end has not been written. */
interface Open {
  /** Where it stands in the one around it; null for the arguments as a whole. */
  readonly key: Key | null;
  readonly isList: boolean;
  /** What stands in it: each once, and in a list in order. */
  readonly keys: Set<Key>;
}

/** Values come in the order in which they stand: what has been written is not gone back to. */
export class GooglePartialArgs {
  static readonly BEGINNING = "{";
  readonly #open: Open[] = [{ key: null, isList: false, keys: new Set() }];
  /** Where a text stands of which more comes; null when none does. */
  #openText: string | null = null;

  /** The text that a value adds, behind `BEGINNING`; null for one that cannot be read, or does not belong there. */
  add(arg: unknown): string | null {
    if (!isObject(arg)) return null;
    const { jsonPath, willContinue } = arg;
    const value = readValue(arg);
    // The end of a text may come alone.
    if (value === undefined && jsonPath === this.#openText && willContinue !== true) return this.#endText();
    const keys = readPath(jsonPath);
    if (keys === null || value === undefined) return null;
    const isMore = typeof value === "string" && willContinue === true;
    const json = JSON.stringify(value);
    const isSameText = typeof value === "string" && jsonPath === this.#openText;
    const before = isSameText ? "" : this.#goTo(keys);
    if (before === null) return null;
    this.#openText = isMore && typeof jsonPath === "string" ? jsonPath : null;
    // The quotes around a text stand where it begins and where it ends.
    return before + json.slice(isSameText ? 1 : 0, isMore ? -1 : json.length);
  }

  /** The end of what is open. */
  end(): string {
    return this.#endText() + this.#close(0);
  }

  #endText(): string {
    const end = this.#openText === null ? "" : '"';
    this.#openText = null;
    return end;
  }

  /** Closes what the value is not in, opens what it is in, and names it. */
  #goTo(keys: readonly Key[]): string | null {
    const holders = keys.slice(0, -1);
    let shared = 0;
    while (shared < holders.length && this.#open[shared + 1]?.key === holders[shared]) shared += 1;
    let text = this.#endText() + this.#close(shared + 1);
    for (const [depth, key] of keys.entries()) {
      if (depth < shared) continue;
      const name = this.#name(key);
      if (name === null) return null;
      text += name;
      const next = keys[depth + 1];
      if (next === undefined) continue;
      const isList = typeof next === "number";
      this.#open.push({ key, isList, keys: new Set() });
      text += isList ? "[" : "{";
    }
    return text;
  }

  /** What stands in front of a value in the innermost of what is open; null where it has no place. */
  #name(key: Key): string | null {
    const holder = this.#open.at(-1);
    if (holder === undefined || holder.isList !== (typeof key === "number")) return null;
    if (holder.keys.has(key) || (holder.isList && key !== holder.keys.size)) return null;
    const comma = holder.keys.size === 0 ? "" : ",";
    holder.keys.add(key);
    return holder.isList ? comma : `${comma}${JSON.stringify(key)}:`;
  }

  /** Closes all but the outermost so many. */
  #close(kept: number): string {
    let text = "";
    while (this.#open.length > kept) text += this.#open.pop()?.isList === true ? "]" : "}";
    return text;
  }
}
