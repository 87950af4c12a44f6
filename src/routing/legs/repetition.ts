/**
 * A place in the shown text that a continuing leg may be repeating from there to its end. It is compared as the leg
 * grows, whitespace with whatever whitespace. Pure but for its own place. Rule RT93.
 */
import { isSpace, skipSpace } from "./is-word-start.ts";

export type RepetitionStatus =
  | "agreeing"
  /** The leg has come to the end of the shown text: what follows is new. */
  | "complete"
  | "different"
  /** The leg was over before. */
  | "ended";

export class Repetition {
  readonly start: number;
  status: RepetitionStatus = "agreeing";
  /** Characters that agreed, whitespace not counted. */
  agreed = 0;
  /** How far it has been compared in the leg. */
  legAt = 0;
  /** Whitespace at the end of the shown text that the leg did not repeat. */
  untoldSpace = "";
  private readonly shown: string;
  private shownAt: number;

  constructor(shown: string, start: number) {
    this.shown = shown;
    this.start = start;
    this.shownAt = start;
  }

  /** Goes on where it stopped. `isWhole`: nothing more of the leg will come. */
  compare(leg: string, isWhole: boolean): void {
    while (this.status === "agreeing") {
      if (this.shownAt === this.shown.length) {
        this.status = "complete";
        return;
      }
      const shownEnd = skipSpace(this.shown, this.shownAt);
      const legEnd = skipSpace(leg, this.legAt);
      // The run of whitespace may go on with what comes next.
      const mayGoOn = legEnd === leg.length && !isWhole;
      if (shownEnd === this.shown.length) this.compareEnd(leg.slice(this.legAt, legEnd), mayGoOn);
      else if (mayGoOn) return;
      else if (legEnd === leg.length) this.status = "ended";
      else this.compareNext(leg, shownEnd, legEnd);
      if (mayGoOn) return;
    }
  }

  private compareNext(leg: string, shownEnd: number, legEnd: number): void {
    const [isSpaceInShown, isSpaceInLeg] = [shownEnd > this.shownAt, legEnd > this.legAt];
    const doesSpaceAgree = this.agreed === 0 || isSpaceInShown === isSpaceInLeg;
    if (!doesSpaceAgree || this.shown[shownEnd] !== leg[legEnd]) {
      this.status = "different";
      return;
    }
    this.shownAt = shownEnd + 1;
    this.legAt = legEnd + 1;
    this.agreed += 1;
  }

  /** Only whitespace is left in the shown text. */
  private compareEnd(legSpace: string, mayGoOn: boolean): void {
    const shownSpace = this.shown.slice(this.shownAt);
    if (mayGoOn && !legSpace.startsWith(shownSpace)) return;
    this.shownAt = this.shown.length;
    this.legAt += countRepeatedSpace(shownSpace, legSpace);
    if (legSpace === "") this.untoldSpace = shownSpace;
    this.status = "complete";
  }
}

/**
 * How much of a leg's whitespace is what stands at the end of the shown text already: the same, else as many line
 * breaks and the blanks behind them. Indentation that the shown text does not have is kept.
 */
export function countRepeatedSpace(shownSpace: string, legSpace: string): number {
  if (legSpace.startsWith(shownSpace)) return shownSpace.length;
  const shownLines = shownSpace.split("\n");
  const legLines = legSpace.split("\n");
  if (legLines.length === 1) return legSpace.length;
  const repeated = legLines.slice(0, Math.min(shownLines.length, legLines.length) - 1);
  const count = repeated.reduce((sum, line) => sum + line.length + 1, 0);
  const blanks = shownLines.at(-1) ?? "";
  const rest = legSpace.slice(count);
  if (blanks === "" || rest.includes("\n")) return count;
  return rest.startsWith(blanks) ? count + blanks.length : legSpace.length;
}

/** A leg without the whitespace with which it repeats what it was not told of. */
export function withoutRepeatedSpace(shownSpace: string, leg: string): string {
  if (!isSpace(leg[0])) return leg;
  return leg.slice(countRepeatedSpace(shownSpace, leg.slice(0, skipSpace(leg, 0))));
}
