/** How one leg is joined: cases with a name. What holds for any text is in seam-any-text.test.ts. */
import { describe, expect, it } from "vitest";
import { toAnchor } from "../../../../src/routing/legs/continuation.ts";
import { Seam } from "../../../../src/routing/legs/seam.ts";
import { joinLeg } from "./broken-texts.ts";

const SHOWN = "Breakwaters are built of stone. The waves lose their strength on them, and the harbour";
const LOREM = "The first thing to know about a harbour is that it is a promise made to every ship. ";

/** What is shown of the leg, sent letter by letter and whole. */
function join(shown: string, leg: string, anchor: string | null = toAnchor(shown)): string | null {
  const whole = joinLeg({ shown, anchor }, [leg]);
  expect(joinLeg({ shown, anchor }, leg.split(""))).toBe(whole);
  return whole;
}

describe("what a leg repeats", () => {
  it.each([
    { name: "nothing", leg: " stays calm.", text: " stays calm." },
    { name: "the words asked for", leg: "on them, and the harbour stays calm.", text: " stays calm." },
    { name: "fewer words", leg: "and the harbour stays calm.", text: " stays calm." },
    { name: "more words", leg: "waves lose their strength on them, and the harbour stays.", text: " stays." },
    { name: "the whole answer", leg: `${SHOWN} stays calm.`, text: " stays calm." },
    { name: "other whitespace", leg: "on them,\nand  the\tharbour stays calm.", text: " stays calm." },
    { name: "whitespace in front", leg: "\n\non them, and the harbour stays calm.", text: " stays calm." },
    {
      name: "the marks",
      leg: "<cut-off-end>on them, and the harbour</cut-off-end> stays calm.",
      text: " stays calm.",
    },
    {
      name: "the marks and a blank of its own",
      leg: " <cut-off-end>\non them, and the harbour\n</cut-off-end> stays calm.",
      text: " stays calm.",
    },
    { name: "the first mark only", leg: "<cut-off-end>on them, and the harbour stays.", text: " stays." },
    { name: "the words, and nothing is missing", leg: "on them, and the harbour", text: "" },
    {
      name: "the words but for the last",
      leg: "strength on them, and the",
      text: "strength on them, and the",
    },
    { name: "nothing, since there is nothing", leg: "", text: "" },
    {
      name: "what looks like a mark",
      leg: "<cut here> and so on and on",
      text: "<cut here> and so on and on",
    },
    { name: "the beginning of a mark", leg: "<cut", text: "<cut" },
    {
      name: "words that are joined elsewhere",
      leg: "andtheharbour stays calm",
      text: "andtheharbour stays calm",
    },
  ])("[RT93] $name", ({ leg, text }) => {
    expect(join(SHOWN, leg)).toBe(text);
  });

  it("[RT93] the words asked for but for the last ones, and no more: nothing was missing", () => {
    const anchor = toAnchor(SHOWN);
    expect(join(SHOWN, anchor.slice(0, -3))).toBe("");
  });

  it.each([
    { name: "the same", shown: "One.\n\n", leg: "One.\n\nTwo.", text: "Two." },
    { name: "more of it", shown: "One.\n", leg: "One.\n\nTwo.", text: "\nTwo." },
    { name: "a blank for a line break", shown: "One.\n", leg: "One. Two.", text: "Two." },
    { name: "indentation that was not shown", shown: "if:\n\n", leg: "if:\n    go()", text: "    go()" },
    { name: "less of it", shown: "if:\n    ", leg: "if:\n  go()", text: "go()" },
    { name: "a line break for a blank", shown: "if: ", leg: "if:\n  go()", text: "\n  go()" },
    { name: "none", shown: "if: ", leg: "if:go()", text: "go()" },
    {
      name: "it behind the mark",
      shown: "So it is. ",
      leg: "<cut-off-end>So it is.</cut-off-end> Yes.",
      text: "Yes.",
    },
  ])("[RT93] whitespace at the end of what was shown: $name", ({ shown, leg, text }) => {
    expect(join(shown, leg)).toBe(text);
  });

  it("[RT93] whitespace that a prefill could not have is not shown twice, and no other is dropped", () => {
    const prefilled = { shown: "- one\n", anchor: null, untoldSpace: "\n" };
    expect(joinLeg(prefilled, ["\n", "- two"])).toBe("- two");
    expect(joinLeg(prefilled, ["- two"])).toBe("- two");
    expect(joinLeg(prefilled, ["\n  - two"])).toBe("  - two");
    expect(joinLeg({ ...prefilled, shown: "- one", untoldSpace: "" }, ["\n", "- two"])).toBe("\n- two");
    expect(
      joinLeg({ shown: "\n\n", anchor: null, untoldSpace: "\n\n" }, ["\n\nHello there, everybody"]),
    ).toBe("Hello there, everybody");
  });

  it("[RT93] a text in a script without spaces is joined from any sign on", () => {
    const shown = "海浪打在防波堤上，水手们都回家了。今天天气很好，";
    for (const from of [0, 5, 9, 12]) {
      expect(join(shown, `${shown.slice(from)}我们明天继续出海。`)).toBe("我们明天继续出海。");
    }
  });

  it("[RT93] a long answer that starts over is let through as soon as it passes the break", () => {
    const seam = new Seam({ shown: SHOWN, anchor: toAnchor(SHOWN), untoldSpace: "" });
    for (const letter of SHOWN.slice(0, -1)) expect(seam.feed(letter)).toEqual({ type: "undecided" });
    expect(seam.feed("r")).toEqual({ type: "joined", text: "" });
  });

  it("[RT93] words that repeat nothing wait until there are twelve letters of them", () => {
    const seam = new Seam({ shown: SHOWN, anchor: toAnchor(SHOWN), untoldSpace: "" });
    expect(seam.feed(" stays")).toEqual({ type: "undecided" });
    expect(seam.feed(" calm and quiet")).toEqual({ type: "joined", text: " stays calm and quiet" });
  });
});

describe("what cannot be joined", () => {
  const shown = `${LOREM}It keeps`;

  it("[RT94] a leg that begins the answer again and then says something else", () => {
    expect(
      join(shown, "The first thing to know about a harbour is that it is a promise to nobody."),
    ).toBeNull();
  });

  it("[RT94] one that ends before it comes to the break", () => {
    expect(join(shown, "The first thing to know about a harbour is that it is a promise.")).toBeNull();
    expect(join(shown, LOREM)).toBeNull();
  });

  it("[RT94] less than half a line of it is no new beginning: it is joined as it is", () => {
    const leg = "The first thing to know about the keeping of it is this.";
    expect(join(shown, leg)).toBe(leg);
  });

  it("[RT94] one that says something else between the marks", () => {
    expect(join(SHOWN, "<cut-off-end>Something else</cut-off-end> altogether")).toBeNull();
  });
});

/**
 * Nobody could know: the same words may be a repetition or what comes next. They are taken for a repetition, since
 * that is what was asked for; a text that truly repeats itself there loses one round of it.
 */
describe("texts that repeat themselves", () => {
  it("[RT93] a refrain that breaks at the end of one round and goes on with the next loses a round", () => {
    const shown = "row row row your boat, row row row your boat,";
    expect(join(shown, " row row row your boat, gently down the stream")).toBe(" gently down the stream");
  });

  it("[RT93] of two rounds that a leg repeats, both are left out, one of which may have been new", () => {
    const line = "0000 0000 0000 0000 ";
    const shown = line.repeat(2);
    expect(join(shown, `${line.repeat(3)}end`)).toBe(`${line}end`);
  });

  it("[RT93] the first words of an answer that was cut within them count as repeated, however short", () => {
    expect(join("1", "1 bottle of milk")).toBe(" bottle of milk");
    expect(join("1", "1 bottle of milk", null)).toBe("1 bottle of milk");
  });

  it("[RT94] an answer whose second part begins like its first, cut just there, looks like a new beginning", () => {
    const beginning = "import { afterEach, describe, expect, it, vi } from 'vitest';\nimport ";
    expect(join(`${beginning}a;\n\n`, `${beginning}b;`)).toBeNull();
    // Asked for words, a model that gives them is not mistaken for it.
    const asked = `${beginning}a;\n\n`;
    expect(join(asked, `${toAnchor(asked)}${beginning}b;`)).toBe(`${beginning}b;`);
  });

  it("[RT93] one that repeats itself for more than 200 characters may be joined a round too early", () => {
    const shown = "ab ".repeat(200).trimEnd();
    expect(toAnchor(shown).length).toBeLessThan(320);
    expect(join(shown, `${shown} end`)).not.toBe(" end");
  });
});
