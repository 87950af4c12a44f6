/**
 * The events of a provider on this very wire, passed on as they came but for the names of the answer and of who gives it:
 * those are ours, so that they stay the same when somebody else goes on. Pure. Rule HT170.
 */
import type { BreakwaterEnd } from "../../protocol/breakwater-end.ts";
import type { AnswerNames } from "../door/wire-writer.ts";

type Json = Record<string, unknown>;

/** In a JSON text a key and its value cannot stand inside of a string: its quotes would be escaped. */
const ID = /"id":\s*"([^"\\]+)"/;
const MODEL = /"model":\s*"([^"\\]+)"/;
const CREATED = /"created":\s*(\d{1,15})/;
const NO_USAGE = ',"usage":null';

export class NativeWords {
  /** Seconds since the epoch, as the provider says; null when it does not. */
  readonly created: number | null;
  private readonly names: AnswerNames;
  /** Its events say that there is no usage yet. */
  private readonly hasNoUsage: boolean;
  /** What is written in place of what. */
  private readonly replacements: readonly (readonly [from: string, to: string])[];

  /** `first` is the first text of the answer. */
  constructor(first: string, names: AnswerNames) {
    this.names = names;
    const id = ID.exec(first)?.[0];
    const model = MODEL.exec(first)?.[0];
    this.replacements = [
      ...(id === undefined ? [] : [[id, `"id":${JSON.stringify(names.id)}`] as const]),
      ...(model === undefined ? [] : [[model, `"model":${JSON.stringify(names.model)}`] as const]),
    ];
    this.hasNoUsage = first.includes(NO_USAGE);
    const created = CREATED.exec(first)?.[1];
    this.created = created === undefined ? null : Number(created);
  }

  toText(text: string, includeUsage: boolean): string {
    let named = text;
    for (const [from, to] of this.replacements) named = named.replaceAll(from, to);
    // Providers are always asked for the usage: who did not ask is not told that there is none yet.
    return includeUsage || !this.hasNoUsage ? named : named.replaceAll(NO_USAGE, "");
  }

  /** The reason, and the usage if it was asked for; the last of them says how the answer came about. */
  toEnd(
    chunks: readonly Json[],
    { includeUsage }: { readonly includeUsage: boolean },
    breakwater: BreakwaterEnd,
  ): Json[] {
    const told = chunks
      .filter((chunk) => includeUsage || !isUsageAlone(chunk))
      .map((chunk) => {
        const named: Json = { ...chunk, ...this.names };
        const { usage, ...rest } = named;
        return includeUsage ? { ...rest, usage: usage ?? null } : rest;
      });
    return told.map((chunk, index) => (index === told.length - 1 ? { ...chunk, breakwater } : chunk));
  }
}

function isUsageAlone({ choices }: Json): boolean {
  return !Array.isArray(choices) || choices.length === 0;
}
