/** A transition as the timeline tells it: whose circuit, in which region, why and by whom. Pure. Rule WB44. */
import type { CircuitDetail, CircuitTransition } from "../../src/protocol/circuit.ts";

/** As many as a circuit's own card carries. */
export const MAX_TIMELINE = 50;

export interface TimelineEntry {
  readonly transition: CircuitTransition;
  /** Where it happened; null for what holds everywhere. */
  readonly region: string | null;
  /** Without the region and the person, which are told beside it. */
  readonly reason: string;
  /** Each once, oldest first: one request may have failed at it several times. */
  readonly requests: readonly string[];
}

function dropPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

/** The world keeps a region's transitions with the region's name before the reason, and a person's with theirs. */
function toEntry(transition: CircuitTransition, regions: readonly string[]): TimelineEntry {
  const region = regions.find((name) => transition.reason.startsWith(`${name}: `)) ?? null;
  const words = region === null ? transition.reason : dropPrefix(transition.reason, `${region}: `);
  const { actor } = transition;
  const reason = actor === null ? words : dropPrefix(words, `${actor}: `);
  return { transition, region, reason, requests: [...new Set(transition.requestIds)] };
}

/** The transitions of all circuits, newest first. */
export function toTimeline(circuits: readonly CircuitDetail[]): TimelineEntry[] {
  return circuits
    .flatMap(({ transitions, regions }) => {
      const names = regions.map(({ region }) => region);
      return transitions.map((transition) => toEntry(transition, names));
    })
    .toSorted((a, b) => b.transition.atMs - a.transition.atMs || b.transition.version - a.transition.version)
    .slice(0, MAX_TIMELINE);
}
