/**
 * Joins a continuing leg to what a reader has been shown: finds what the leg repeats (the words it was asked to
 * repeat, some more of them, or the whole answer from its start) and lets through only what is new. Until that is
 * known it holds the leg back. One seam for one leg; no clock, no network. Rules RT93 and RT94.
 */
import { isSpace, isWordStart } from "./is-word-start.ts";
import { Repetition, withoutRepeatedSpace } from "./repetition.ts";

export type SeamStep =
  /** Nothing can be said yet; nothing is shown. */
  | { readonly type: "undecided" }
  /** What goes behind the shown text; everything after it is new and needs no seam. */
  | { readonly type: "joined"; readonly text: string }
  /** The leg began the answer again and then said something else: there is no place to join. */
  | { readonly type: "diverged" };

/** So many characters that are no whitespace are needed before something counts as repeated by intent. */
const LEAST_OVERLAP = 12;
/** A leg that repeats this much from the very start of the answer has started over. */
const STARTED_OVER_AFTER = 48;
/** More places than this to compare with mean a text that repeats itself; the last ones are the likely ones. */
const MOST_PLACES = 16;
/** Some models repeat the marks around the words too. */
const OPEN_MARK = "<cut-off-end>";
const CLOSE_MARK = "</cut-off-end>";

const UNDECIDED = { type: "undecided" } as const;

export interface SeamOptions {
  readonly shown: string;
  /** The last words of `shown` that the leg was asked to begin with; null when it was to go on without. */
  readonly anchor: string | null;
  /** Whitespace at the end of `shown` that the leg was not told of (a prefill must not end in whitespace). */
  readonly untoldSpace: string;
}

export class Seam {
  private readonly options: SeamOptions;
  /** The words that were asked for; null when none were. */
  private readonly asked: Repetition | null;
  private readonly places: Repetition[];
  private leg = "";
  private hasSearched = false;

  constructor(options: SeamOptions) {
    this.options = options;
    const { shown, anchor } = options;
    const start = new Repetition(shown, 0);
    const askedAt = anchor === null ? null : shown.length - anchor.length;
    this.asked = askedAt === null ? null : askedAt === 0 ? start : new Repetition(shown, askedAt);
    this.places = this.asked === null || this.asked === start ? [start] : [start, this.asked];
  }

  feed(text: string): SeamStep {
    this.leg += text;
    return this.decide(false);
  }

  /** The leg has ended well: decides with what there is. */
  finish(): Exclude<SeamStep, { type: "undecided" }> {
    const step = this.decide(true);
    return step.type === "undecided" ? { type: "joined", text: "" } : step;
  }

  private decide(isWhole: boolean): SeamStep {
    const trimmed = this.leg.trimStart();
    if (!isWhole && mayBecome(OPEN_MARK, trimmed)) return UNDECIDED;
    const isMarked = trimmed.startsWith(OPEN_MARK);
    const leg = isMarked ? trimmed.slice(OPEN_MARK.length) : this.leg;
    this.search(leg);
    for (const place of this.places) place.compare(leg, isWhole);
    if (this.asked?.status === "complete") return this.join(this.asked, leg, isMarked, isWhole);
    if (!isWhole && (!hasLeastOverlap(leg) || this.places.some(({ status }) => status === "agreeing"))) {
      return UNDECIDED;
    }
    const longest = this.findLongest();
    if (longest !== null) return this.join(longest, leg, isMarked, isWhole);
    // Told to repeat these words and stop if nothing is missing, it has done about that.
    if (this.asked?.status === "ended" && this.asked.agreed >= LEAST_OVERLAP) {
      return { type: "joined", text: "" };
    }
    const [fromStart] = this.places;
    if (isMarked || (fromStart !== undefined && fromStart.agreed >= STARTED_OVER_AFTER)) {
      return { type: "diverged" };
    }
    return { type: "joined", text: withoutRepeatedSpace(this.options.untoldSpace, this.leg) };
  }

  /** The place from which the leg repeats the most, up to the end of the shown text. */
  private findLongest(): Repetition | null {
    const complete = this.places.filter(
      ({ status, agreed }) => status === "complete" && agreed >= LEAST_OVERLAP,
    );
    return complete.toSorted((left, right) => left.start - right.start)[0] ?? null;
  }

  /** Once enough has come: every other place where the shown text reads like the leg's beginning. */
  private search(leg: string): void {
    if (this.hasSearched || !hasLeastOverlap(leg)) return;
    this.hasSearched = true;
    const { shown } = this.options;
    const beginning = toDense(leg).text.slice(0, LEAST_OVERLAP);
    const dense = toDense(shown);
    const known = new Set(this.places.map(({ start }) => start));
    let at = dense.text.lastIndexOf(beginning);
    while (at >= 0 && this.places.length < MOST_PLACES) {
      const start = dense.places[at] ?? 0;
      if (!known.has(start) && isWordStart(shown, start)) this.places.push(new Repetition(shown, start));
      at = at === 0 ? -1 : dense.text.lastIndexOf(beginning, at - 1);
    }
  }

  private join(
    { legAt, untoldSpace }: Repetition,
    leg: string,
    isMarked: boolean,
    isWhole: boolean,
  ): SeamStep {
    const rest = leg.slice(legAt);
    if (!isMarked) return { type: "joined", text: rest };
    const trimmed = rest.trimStart();
    if (!isWhole && (trimmed === "" || mayBecome(CLOSE_MARK, trimmed))) return UNDECIDED;
    if (!trimmed.startsWith(CLOSE_MARK)) return { type: "joined", text: rest };
    const behind = trimmed.slice(CLOSE_MARK.length);
    // The run of whitespace may go on with what comes next.
    if (!isWhole && untoldSpace !== "" && behind.trimStart() === "") return UNDECIDED;
    return { type: "joined", text: withoutRepeatedSpace(untoldSpace, behind) };
  }
}

/** True while `text` may still become the mark. */
function mayBecome(mark: string, text: string): boolean {
  return text !== "" && text.length < mark.length && mark.startsWith(text);
}

function hasLeastOverlap(text: string): boolean {
  let count = 0;
  for (let index = 0; index < text.length && count < LEAST_OVERLAP; index += 1) {
    if (!isSpace(text[index])) count += 1;
  }
  return count === LEAST_OVERLAP;
}

/** The text without its whitespace, and where each of its characters stands. */
function toDense(text: string): { readonly text: string; readonly places: readonly number[] } {
  const places: number[] = [];
  let dense = "";
  for (let index = 0; index < text.length; index += 1) {
    if (isSpace(text[index])) continue;
    places.push(index);
    dense += text[index] ?? "";
  }
  return { text: dense, places };
}
