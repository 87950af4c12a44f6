/**
 * What of an attempt's words reaches the reader. Tool calls wait until the provider has said that it is done, so that
 * a broken step leaves no half of one behind; the words of a continuing leg are joined to those that were shown.
 * One filter for one attempt. Rules RT93 to RT96.
 */
import type { ContinuedCall } from "./continuation.ts";
import type { LegEvent } from "../attempt/drive-attempt.ts";
import { Seam, type SeamStep } from "./seam.ts";

/** What a reader has been shown of an answer so far, over all legs. */
export interface ShownAnswer {
  text: string;
}

export class LegFilter {
  private readonly shown: ShownAnswer;
  private readonly isContinued: boolean;
  private seam: Seam | null;
  /** Who speaks; told with the first thing that is shown. */
  private legStart: LegEvent | null = null;
  private readonly waiting: LegEvent[] = [];
  /** It cannot be joined: nothing of it is shown any more, and the call should be stopped. */
  hasDiverged = false;
  /** Something of it was shown. */
  hasShown = false;
  /** Characters that came, repeated ones, thoughts and tool calls included: what the provider charges for. */
  receivedCharacters = 0;

  /** `continued` is null for a leg that begins the answer, or begins the step again. */
  constructor(shown: ShownAnswer, continued: Pick<ContinuedCall, "anchor" | "untoldSpace"> | null) {
    this.shown = shown;
    this.isContinued = continued !== null;
    this.seam = continued === null ? null : new Seam({ ...continued, shown: shown.text });
  }

  /** The events of a batch that are shown now; none while the leg cannot be joined yet. */
  pass(batch: readonly LegEvent[]): LegEvent[] {
    return batch.flatMap((event) => this.passEvent(event));
  }

  /** The provider has said that it is done: what waited may be shown. */
  finish(): LegEvent[] {
    const joined = this.seam === null ? [] : this.join(this.seam.finish());
    return this.hasDiverged ? [] : this.note([...joined, ...this.waiting.splice(0)]);
  }

  private passEvent(event: LegEvent): LegEvent[] {
    if (event.type === "leg-start") {
      this.legStart = event;
      return [];
    }
    this.receivedCharacters += countCharacters(event);
    if (this.hasDiverged) return [];
    // Thoughts in the middle of a sentence would break it.
    if (event.type === "reasoning-delta" && this.isContinued) return [];
    if (event.type === "wire" && event.isProse && this.waiting.length === 0) return this.note([event]);
    const isProse = event.type === "text-delta" || event.type === "reasoning-delta";
    if (isProse && event.text === "" && !("proof" in event)) return [];
    if (!isProse || this.waiting.length > 0) return this.keepWaiting(event);
    if (this.seam === null || event.type === "reasoning-delta") return this.note([event]);
    return this.note(this.join(this.seam.feed(event.text)));
  }

  /** Words behind a call are joined all the same: a leg may call before it repeats what was shown. */
  private keepWaiting(event: LegEvent): LegEvent[] {
    if (event.type !== "text-delta" || this.seam === null) this.waiting.push(event);
    else this.waiting.push(...this.join(this.seam.feed(event.text)));
    return [];
  }

  private join(step: SeamStep): LegEvent[] {
    if (step.type === "undecided") return [];
    this.seam = null;
    if (step.type === "diverged") {
      this.hasDiverged = true;
      return [];
    }
    return step.text === "" ? [] : [{ type: "text-delta", text: step.text }];
  }

  private note(events: LegEvent[]): LegEvent[] {
    if (events.length === 0) return [];
    for (const event of events) {
      if (event.type === "text-delta") this.shown.text += event.text;
    }
    this.hasShown = true;
    const start = this.legStart === null ? [] : [this.legStart];
    this.legStart = null;
    return [...start, ...events];
  }
}

function countCharacters(event: LegEvent): number {
  switch (event.type) {
    case "text-delta":
    case "reasoning-delta":
    case "tool-input-delta":
      return event.text.length;
    case "leg-start":
    case "wire":
    case "tool-input-start":
    case "tool-call":
      return 0;
  }
}
