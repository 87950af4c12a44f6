/**
 * The numbers of a circuit's policy as a form: names a person can read, units, what was typed, what is wrong. Which
 * values are allowed the server says. Pure. Rules WB45 to WB47.
 */
import type { ApiIssue } from "../api.ts";
import { formatDuration, formatMicroUsd, formatShare } from "../ui/format.ts";

export interface PolicyGroup {
  readonly title: string;
  /** By their names on the wire. */
  readonly names: readonly string[];
}

const GROUPS: readonly { readonly title: string; readonly labels: Readonly<Record<string, string>> }[] = [
  {
    title: "Opens",
    labels: {
      failureThreshold: "Failures in a row",
      failureRate: "Share of failed calls",
      slowRate: "Share of slow calls",
      slowFactor: "Slow: times the usual",
      slowFloorMs: "Slow: and longer than",
      minimumCalls: "Calls before shares count",
      windowMs: "Shares look back",
      bucketMs: "In steps of",
    },
  },
  {
    title: "Stays open",
    labels: {
      openBaseMs: "First time",
      openMaxMs: "At most",
      jitterShare: "Random time on top",
      fatalOpenMs: "After a refused key",
    },
  },
  {
    title: "Tries again",
    labels: {
      halfOpenPermits: "Probes at a time",
      halfOpenSuccesses: "Good probes that close it",
      permitTtlMs: "A probe may take",
    },
  },
  {
    title: "Cools down",
    labels: { defaultCoolDownMs: "When no time is named", maxCoolDownMs: "At most" },
  },
  {
    title: "Checks",
    labels: { idleProbeMs: "Without a good call for", probeSpendPerDayMicroUsd: "Probes may cost a day" },
  },
  {
    title: "Regions",
    labels: { globalShare: "Open in this share", globalRegions: "And in so many" },
  },
];

const LABELS = new Map(GROUPS.flatMap(({ labels }) => Object.entries(labels)));

/** The numbers in force in their groups; those this page does not know by name stand last. */
export function toPolicyGroups(policy: Readonly<Record<string, number>>): PolicyGroup[] {
  const known = GROUPS.map(({ title, labels }) => ({
    title,
    names: Object.keys(labels).filter((name) => policy[name] !== undefined),
  }));
  const other = { title: "Other", names: Object.keys(policy).filter((name) => !LABELS.has(name)) };
  return [...known, other].filter(({ names }) => names.length > 0);
}

/** With its group, where it stands alone: `Stays open, first time`. */
export function toPolicyFullLabel(name: string): string {
  const group = GROUPS.find(({ labels }) => labels[name] !== undefined);
  const label = toPolicyLabel(name);
  return group === undefined ? label : `${group.title}, ${label.charAt(0).toLowerCase()}${label.slice(1)}`;
}

/** What a person calls it; its own name where nobody gave it another. */
export function toPolicyLabel(name: string): string {
  return LABELS.get(name) ?? name;
}

/** The unit that a number is typed in, as its name on the wire says; empty for a plain count. */
export function toPolicyUnit(name: string): string {
  if (name.endsWith("Ms")) return "ms";
  if (name.endsWith("MicroUsd")) return "µ$";
  if (/(Share|Rate)$/.test(name)) return "0–1";
  return name.endsWith("Factor") ? "times" : "";
}

/** With the unit that suits it: `5.0 s`, `50%`, `$0.10`, `4 times`. */
export function formatPolicyNumber(name: string, value: number): string {
  switch (toPolicyUnit(name)) {
    case "ms":
      return formatDuration(value);
    case "µ$":
      return formatMicroUsd(value);
    case "0–1":
      return formatShare(value);
    case "times":
      return `${value} times`;
    default:
      return String(value);
  }
}

/** What was typed, by name; what was not touched is not in it. */
export type PolicyDraft = Readonly<Record<string, string>>;
export type FieldErrors = Readonly<Record<string, string>>;

export interface ParsedDraft {
  /** The numbers that are others than those in force. */
  readonly change: Readonly<Record<string, number>>;
  readonly errors: FieldErrors;
}

/** Only what is no number is refused here; bounds are the server's. */
export function parsePolicyDraft(draft: PolicyDraft, policy: Readonly<Record<string, number>>): ParsedDraft {
  const change: Record<string, number> = {};
  const errors: Record<string, string> = {};
  for (const [name, typed] of Object.entries(draft)) {
    const text = typed.trim().replace(",", ".");
    const value = text === "" ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) errors[name] = "Give a number";
    else if (value !== policy[name]) change[name] = value;
  }
  return { change, errors };
}

/**
 * The server's issues at their fields. It names a number in the path (`policy.windowMs`), or, where numbers were
 * judged together, at the beginning of the message (`windowMs: …; bucketMs: …`). What belongs nowhere is `general`.
 */
export function toFieldErrors(
  issues: readonly ApiIssue[],
  names: readonly string[],
): { readonly fields: FieldErrors; readonly general: string } {
  const fields: Record<string, string> = {};
  const general: string[] = [];
  const note = (name: string | undefined, message: string, whole: string): void => {
    if (name === undefined || !names.includes(name)) general.push(whole);
    else fields[name] = fields[name] === undefined ? message : `${fields[name]} ${message}`;
  };
  for (const { path, message } of issues) {
    if (path !== "policy") {
      note(path.split(".").at(-1), message, message);
      continue;
    }
    for (const part of message.split("; ")) {
      const [, name, rest] = /^(\w+): (.+)$/s.exec(part) ?? [];
      note(name, rest ?? part, part);
    }
  }
  return { fields, general: general.join(" ") };
}
