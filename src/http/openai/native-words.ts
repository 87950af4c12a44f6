/**
 * The events of a provider on this very wire, passed on as they came but for the names of the answer and of who gives it:
 * those are ours, so that they stay the same when somebody else goes on. Pure. Rule HT170.
 */
import { z } from "zod";
import type { BreakwaterEnd } from "../../protocol/breakwater-end.ts";
import type { AnswerNames } from "../door/wire-writer.ts";

type Json = Record<string, unknown>;
type Replacement = readonly [from: string, to: string];

const DATA = "data: ";
const NO_USAGE = ',"usage":null';

/** What an event says of the answer itself, not of a call in it. */
const Head = z.object({
  id: z.string().min(1).optional().catch(undefined),
  model: z.string().min(1).optional().catch(undefined),
  created: z.int().nonnegative().optional().catch(undefined),
});

export class NativeWords {
  /** Seconds since the epoch, as the provider says; null when it does not. */
  readonly created: number | null;
  private readonly names: AnswerNames;
  /** Its events say that there is no usage yet. */
  private readonly hasNoUsage: boolean;
  /** What is written in place of what. */
  private readonly replacements: readonly Replacement[];

  /** `first` is the first text of the answer. Its first event is parsed; in every other one texts are replaced. */
  constructor(first: string, names: AnswerNames) {
    this.names = names;
    const data = first.slice(DATA.length, first.indexOf("\n\n"));
    const head = readHead(data);
    this.replacements = [
      ...toReplacements(data, "id", head.id, names.id),
      ...toReplacements(data, "model", head.model, names.model),
    ];
    this.hasNoUsage = first.includes(NO_USAGE);
    this.created = head.created ?? null;
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

function readHead(data: string): z.infer<typeof Head> {
  try {
    return Head.safeParse(JSON.parse(data)).data ?? {};
  } catch {
    // The scanner has read it, so that it is an event of a rare form; it goes out under its own names.
    return {};
  }
}

/**
 * What stands for one name of the answer in all of its events, as its first one has it: `value` says which of the places
 * with that key it is. A name that stands first in its event is replaced there and nowhere else; behind other keys a call
 * that has the very same id would get ours too.
 */
function toReplacements(data: string, key: string, value: string | undefined, ours: string): Replacement[] {
  if (value === undefined) return [];
  // In a JSON text a key and its value cannot stand inside of a string: its quotes would be escaped.
  const places = data.matchAll(new RegExp(`"${key}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`, "g"));
  for (const [text, written = '""'] of places) {
    if (JSON.parse(written) !== value) continue;
    const before = data.startsWith(`{${text}`) ? `${DATA}{` : "";
    return [[`${before}${text}`, `${before}"${key}":${JSON.stringify(ours)}`]];
  }
  return [];
}
