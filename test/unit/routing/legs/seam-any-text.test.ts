/** Whatever the text, wherever it was cut and however a model goes on with it: nothing is lost, nothing doubled. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toAnchor } from "../../../../src/routing/legs/continuation.ts";
import {
  brokenText,
  changeSpaces,
  isAnchorClear,
  isExactClear,
  isTailClear,
  joinLeg,
  listWordStarts,
  pieceSizes,
  toDense,
  toPieces,
  LEAST_OVERLAP,
  type BrokenText,
} from "./broken-texts.ts";

const RUNS = { seed: 20_261_126, numRuns: 400 };

interface Leg {
  readonly leg: string;
  /** Null for a leg that was given a prefill. */
  readonly anchor: string | null;
  readonly untoldSpace?: string;
  /** Where the text was cut elsewhere. */
  readonly shown?: string;
}

/** `toLeg` is a habit; null where it cannot be told from another one. A text that is not joined, or undefined. */
function findBroken(toLeg: (text: BrokenText, choice: number) => Leg | null): string | undefined {
  const property = fc.property(
    brokenText.filter(({ shown }) => shown.trim() !== ""),
    pieceSizes,
    fc.nat({ max: 1_000 }),
    (text, sizes, choice) => {
      const made = toLeg(text, choice);
      fc.pre(made !== null);
      const { leg, anchor, untoldSpace = "", shown = text.shown } = made;
      const joined = joinLeg({ shown, anchor, untoldSpace }, toPieces(leg, sizes));
      return joined !== null && shown + joined === text.whole;
    },
  );
  return fc.defaultReportMessage(fc.check(property, RUNS));
}

const pick = <Value>(values: readonly Value[], choice: number): Value | null =>
  values.length === 0 ? null : (values[choice % values.length] ?? null);

describe("asked in words", () => {
  it("[RT93] a leg that goes on exactly is joined as it is, whatever its words are", () => {
    expect(
      findBroken((text) => {
        const anchor = toAnchor(text.shown);
        return isExactClear(text, anchor) ? { leg: text.rest, anchor } : null;
      }),
    ).toBeUndefined();
  });

  it("[RT93] the words asked for are left out", () => {
    expect(
      findBroken((text) => {
        const anchor = toAnchor(text.shown);
        return isAnchorClear(text) ? { leg: anchor + text.rest, anchor } : null;
      }),
    ).toBeUndefined();
  });

  it("[RT93] so are more words than were asked for, or fewer, from any word on", () => {
    expect(
      findBroken((text, choice) => {
        const start = pick(listWordStarts(text.shown), choice);
        if (start === null || !isAnchorClear(text) || !isTailClear(text, start)) return null;
        return { leg: text.shown.slice(start) + text.rest, anchor: toAnchor(text.shown) };
      }),
    ).toBeUndefined();
  });

  it("[RT93] so is the whole answer from its start", () => {
    expect(
      findBroken((text, choice) => {
        if (!isAnchorClear(text)) return null;
        const leg = choice % 2 === 0 ? text.whole : text.whole.trimStart();
        return { leg, anchor: toAnchor(text.shown) };
      }),
    ).toBeUndefined();
  });

  it("[RT93] whitespace may be another one in what is repeated", () => {
    expect(
      findBroken((text, choice) => {
        const start = choice % 3 === 0 ? 0 : text.shown.length - toAnchor(text.shown).length;
        const space = [" ", "\n", "\n\n  "][choice % 3] ?? " ";
        const leg = changeSpaces(text.shown.slice(start), space) + text.rest;
        return isAnchorClear(text) ? { leg, anchor: toAnchor(text.shown) } : null;
      }),
    ).toBeUndefined();
  });

  it("[RT93] whitespace in front of a repetition is left out with it", () => {
    expect(
      findBroken((text, choice) => {
        const anchor = toAnchor(text.shown);
        const leg = ["\n", " ", "\n\n"][choice % 3] + anchor + text.rest;
        return isAnchorClear(text) ? { leg, anchor } : null;
      }),
    ).toBeUndefined();
  });

  it("[RT93] marks around the repeated words are left out with them", () => {
    expect(
      findBroken((text, choice) => {
        const anchor = toAnchor(text.shown);
        if (!isAnchorClear(text)) return null;
        const trimmed = anchor.trimEnd();
        const leg =
          choice % 2 === 0
            ? `<cut-off-end>${anchor}</cut-off-end>${text.rest}`
            : `<cut-off-end>${trimmed}</cut-off-end>${anchor.slice(trimmed.length)}${text.rest}`;
        return { leg, anchor };
      }),
    ).toBeUndefined();
  });
});

describe("with a prefill", () => {
  const untoldOf = (shown: string): string => shown.slice(shown.trimEnd().length);

  it("[RT93] a leg that begins with the whitespace it was not told of is joined without it", () => {
    expect(
      findBroken((text) => {
        const untoldSpace = untoldOf(text.shown);
        return isExactClear(text, null) ? { leg: untoldSpace + text.rest, anchor: null, untoldSpace } : null;
      }),
    ).toBeUndefined();
  });

  it("[RT93] one that begins with the word behind it as well", () => {
    expect(
      findBroken(({ whole }, choice) => {
        const starts = listWordStarts(whole).filter((at) => at > 1 && /\s/u.test(whole[at - 1] ?? ""));
        const cut = pick(starts, choice);
        if (cut === null) return null;
        const [shown, rest] = [whole.slice(0, cut), whole.slice(cut)];
        if (shown.trim() === "" || !isExactClear({ whole, shown, rest }, null)) return null;
        return { leg: rest, anchor: null, untoldSpace: untoldOf(shown), shown };
      }),
    ).toBeUndefined();
  });

  it("[RT93] one that starts over is left out up to the break", () => {
    expect(
      findBroken((text) => {
        if (toDense(text.shown).length < LEAST_OVERLAP) return null;
        return { leg: text.whole, anchor: null, untoldSpace: untoldOf(text.shown) };
      }),
    ).toBeUndefined();
  });
});
