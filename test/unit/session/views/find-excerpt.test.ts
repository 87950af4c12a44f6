/** What a search finds, whatever case and accents it was typed in. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findExcerpt } from "../../../../src/session/views/find-excerpt.ts";

const LONG = `${"before ".repeat(40)}the needle in it ${"after ".repeat(80)}`;

describe("a search", () => {
  it.each([
    ["Crème brûlée", "creme brulee"],
    ["creme brulee", "CRÈME BRÛLÉE"],
    // Composed and decomposed forms of one word, both ways.
    ["Cafe\u0301 noir", "café noir"],
    ["Café noir", "cafe\u0301 NOIR"],
    ["ΑΘΗΝΑ και Πάτρα", "αθηνα ΚΑΙ πατρα"],
    ["Ёлка", "елка"],
    ["İstanbul and PARIS", "paris"],
    ["İstanbul", "istanbul"],
    ["Straße", "STRASSE"],
    ["東京タワー", "東京"],
    ["한국어로 말해", "한국"],
    ["😀 and 👩‍👩‍👧 smile", "SMILE"],
    ["one\n\n  two", "two"],
  ])("[SE79] finds in %j what is typed as %j", (text, query) => {
    expect(findExcerpt(text, query)).not.toBeNull();
  });

  it.each([
    ["salt", "sugar"],
    ["", "x"],
    // Syllables that only begin alike are other syllables.
    ["호기심", "한국"],
    ["하나", "해"],
    ["word", "\u0301"],
  ])("[SE79] does not find in %j what is typed as %j", (text, query) => {
    expect(findExcerpt(text, query)).toBeNull();
  });
});

describe("an excerpt", () => {
  it("[SE79] is the text around the first place, on one line, with a mark where it was cut", () => {
    const excerpt = findExcerpt(LONG, "NEEDLE") ?? "";
    expect(excerpt).toMatch(/^….*the needle in it after.*…$/);
    expect(excerpt.length).toBeLessThanOrEqual(240);
    expect(excerpt).not.toContain("\n");
    expect(findExcerpt("a  needle\n\nin it", "needle")).toBe("a needle in it");
  });

  it("[SE79] shows the place also where signs before it fold to more or fewer", () => {
    const text = `${"e\u0301İß ".repeat(100)}needle`;
    expect(findExcerpt(text, "needle")).toMatch(/^….*needle$/);
    expect(findExcerpt(`${text} ${"x".repeat(300)}`, "needle")).toMatch(/ needle x+…$/);
  });

  it("[SE79] never has half a sign at its ends, is short, and holds what was sought", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 400 }),
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 }),
        fc.string({ unit: "grapheme", maxLength: 400 }),
        (before, query, after) => {
          const excerpt = findExcerpt(before + query + after, query);
          if (excerpt === null) return;
          expect(excerpt.isWellFormed()).toBe(true);
          expect(excerpt.length).toBeLessThanOrEqual(240);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("[SE79] what is in a text is found in it", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 300 }),
        fc.stringMatching(/^[a-z]{1,10}$/),
        fc.string({ maxLength: 300 }),
        (before, query, after) => {
          const excerpt = findExcerpt(`${before} ${query.toUpperCase()} ${after}`, query);
          expect(excerpt?.toLowerCase()).toContain(query);
        },
      ),
    );
  });
});
