/** Where a searched text stands. Rule WB69. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { findMatches, splitByMatches } from "../../../web/chat/search/text-match.ts";

const found = (text: string, query: string) =>
  findMatches(text, query).map(({ start, end }) => text.slice(start, end));

it("[WB69] finds every place whatever its case and accents, in the text as it is written", () => {
  expect(found("Sea, sea and SEA", "sea")).toEqual(["Sea", "sea", "SEA"]);
  expect(found("Café, cafe\u0301, CAFE", "café")).toEqual(["Café", "cafe\u0301", "CAFE"]);
  expect(found("Straße und STRASSE", "strasse")).toEqual(["Straße", "STRASSE"]);
  expect(found("🌊 wave 🌊 wave", "wave")).toEqual(["wave", "wave"]);
  expect(found("aaaa", "aa")).toEqual(["aa", "aa"]);
});

it("[WB69] nothing is found of nothing, and what is found is cut out exactly", () => {
  expect(findMatches("text", "  ")).toEqual([]);
  expect(findMatches("", "a")).toEqual([]);
  expect(splitByMatches("The tide is the tide.", "tide")).toEqual([
    { text: "The ", isMatch: false },
    { text: "tide", isMatch: true },
    { text: " is the ", isMatch: false },
    { text: "tide", isMatch: true },
    { text: ".", isMatch: false },
  ]);
});

it("[WB69] the pieces of any text are the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ maxLength: 3 }), (text, query) => {
      const pieces = splitByMatches(text, query);
      expect(pieces.map((piece) => piece.text).join("")).toBe(text);
    }),
  );
});
