/** Cutting a growing answer into blocks. Rules WB30 to WB32. */
import fc from "fast-check";
import { Marked } from "marked";
import { describe, expect, it } from "vitest";
import {
  flattenFold,
  EMPTY_DOCUMENT,
  readMarkdown,
  toShownBlocks,
} from "../../../web/chat/markdown/markdown-blocks.ts";
import { MARKDOWN_LIMITS, orTooDeep } from "../../../web/chat/markdown/markdown-limits.ts";

const ANSWER = [
  "# Title\n\nA paragraph with [a link][sea] and `code`,\r\nin two lines.\n\n",
  "1. one\n2. two\n   - nested\n\n   more of two\n\n3. three\n\n",
  "```TypeScript title=x\nconst a = 1;\n\n# not a heading\n```\n\n",
  "| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\ngoes on\n\n",
  "Setext\n---\n\n[sea]: https://example.org/sea\n\n- [ ] task\n- [x] done\n\n* * *\n\n<details><summary>s</summary>\n\nin\n\n</details>\n\nlast",
].join("");

/** What must agree: the sources, kinds and places of the blocks. */
const grow = (text: string, cuts: readonly number[]) => {
  let page = EMPTY_DOCUMENT;
  for (const cut of [...cuts].toSorted((a, b) => a - b)) page = readMarkdown(text.slice(0, cut), page);
  return readMarkdown(text, page);
};

describe("growing", () => {
  it("[WB30] ends the same character by character", () => {
    const cuts = Array.from({ length: ANSWER.length }, (_, index) => index);
    expect(grow(ANSWER, cuts)).toEqual(readMarkdown(ANSWER));
  });

  it("[WB30] ends the same for any mixture of markdown in any pieces", () => {
    const piece = fc.constantFrom(
      "a",
      "word ",
      "\n",
      "\n\n",
      "- ",
      "1. ",
      "2",
      ".",
      "# ",
      "> ",
      "```",
      "`",
      "|",
      "|---|",
      "---",
      "    ",
      "[x]: y",
      "**",
      "<b>",
      "<details>",
      "<summary>s</summary>",
      "</details>",
      "\t",
    );
    const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
    const cuts = fc.array(fc.nat({ max: 120 }), { maxLength: 12 });
    fc.assert(
      fc.property(text, cuts, (source, at) => {
        expect(grow(source, at)).toEqual(readMarkdown(source));
      }),
    );
  });

  it("[WB30] starts over when the text is another one", () => {
    expect(readMarkdown("Other text", readMarkdown(ANSWER))).toEqual(readMarkdown("Other text"));
  });

  it("[WB31] keeps all blocks but the last two", () => {
    const before = readMarkdown("One\n\nTwo\n\nThree\n\nFour");
    const after = readMarkdown("One\n\nTwo\n\nThree\n\nFour grows\n\nFive", before);
    expect(after.blocks).toHaveLength(5);
    expect(after.blocks[0]).toBe(before.blocks[0]);
    expect(after.blocks[1]).toBe(before.blocks[1]);
    // Read again, found unchanged: still the same object, so it is not drawn again.
    expect(after.blocks[2]).toBe(before.blocks[2]);
    expect(after.blocks[3]).not.toBe(before.blocks[3]);
    expect(readMarkdown(after.text, after)).toBe(after);
  });
});

describe("blocks", () => {
  it("[WB32] shows an open fence as code with its language", () => {
    const [block] = readMarkdown("```Python\nprint(1)\n# no hea").blocks;
    expect(block).toMatchObject({ kind: "code", language: "python", code: "print(1)\n# no hea" });
  });

  it("[WB32] takes the first word after the fence, and none for indented code", () => {
    expect(readMarkdown("```ts title=a.ts\nx\n```").blocks[0]).toMatchObject({ language: "ts", code: "x" });
    expect(readMarkdown("    indented").blocks[0]).toMatchObject({
      kind: "code",
      language: "",
      code: "indented",
    });
  });

  it("[WB32] knows tables, and keeps definitions for the blocks that refer to them", () => {
    const page = readMarkdown(ANSWER);
    expect(page.blocks.map(({ kind }) => kind)).toContain("table");
    expect(page.definitions).toBe("[sea]: https://example.org/sea");
    const half = readMarkdown("See [x]\n\n[x]: https://exa");
    expect(readMarkdown("See [x]\n\n[x]: https://example.org", half).definitions).toBe(
      "[x]: https://example.org",
    );
  });
});

describe("folds", () => {
  const FOLD = "<details><summary>More</summary>\n\n- one\n\n```ts\nlet a;\n```\n\n</details>";

  it("[WB105] is one block with what is in it", () => {
    const { blocks } = readMarkdown(`Before\n\n${FOLD}\n\nBehind`);
    expect(blocks.map(({ kind }) => kind)).toEqual(["text", "fold", "text"]);
    expect(blocks[1]?.fold).toEqual({
      summary: "More",
      inside: "- one\n\n```ts\nlet a;\n```",
      isOpen: false,
    });
  });

  it("[WB105] holds other folds, and one that is open says so", () => {
    const { blocks } = readMarkdown(`<details open>\n\n${FOLD}\n\nlast\n\n</details>`);
    expect(blocks).toHaveLength(1);
    expect(blocks[0]?.fold).toEqual({ summary: "", inside: `${FOLD}\n\nlast`, isOpen: true });
  });

  it("[WB105] is told from a fold beside it, and from what a fence tells of one", () => {
    const beside = readMarkdown("<details>\n\na\n\n</details>\n<details>\n\nb\n\n</details>");
    expect(beside.blocks.map(({ kind, fold }) => ({ kind, fold }))).toEqual([{ kind: "text", fold: null }]);
    const told = readMarkdown("<details>\n\n```\n</details>\n```\n\na\n\n</details>\n\nb");
    expect(told.blocks.map(({ kind }) => kind)).toEqual(["fold", "text"]);
  });

  it("[WB138] are found in a time that grows with the answer, however they are opened and ended", () => {
    // Each took a minute and more when every fold was looked for by itself.
    const opened = readMarkdown("<details>\n\n".repeat(8_000));
    expect(opened.unfoldedFrom).toBe(0);
    const ended = readMarkdown(`<details><summary>${"</summary>".repeat(40_000)}x</details> y`);
    expect(ended.blocks.map(({ kind, fold }) => ({ kind, fold }))).toEqual([{ kind: "text", fold: null }]);
    const nested = readMarkdown("<details>\n\n".repeat(3_000) + "</details>\n\n".repeat(3_000));
    expect(nested.blocks.map(({ kind }) => kind)).toEqual(["fold"]);
  }, 15_000);

  it("[WB138] end where the tags say, also where one piece of HTML ends and opens several", () => {
    const kindsOf = (text: string): string[] => readMarkdown(text).blocks.map(({ kind }) => kind);
    expect(kindsOf("<details>\n\na\n\n<details>\n\nb\n\n</details>\n</details>\n\nc")).toEqual([
      "fold",
      "text",
    ]);
    expect(kindsOf("</details>\n\na\n\n<details>\n\nb\n\n</details>")).toEqual(["text", "text", "fold"]);
    expect(kindsOf("<details>\n\na\n\n<details>\n\nb\n\n</details>\n\nc")).toEqual([
      ...["text", "text"],
      ...["fold", "text"],
    ]);
  });

  it("[WB138] that stand in many others are drawn as one", () => {
    const [block] = readMarkdown(FOLD).blocks;
    if (block === undefined) throw new Error("there is no block");
    expect(flattenFold(block, 7)).toBe(block);
    expect(flattenFold(block, 8)).toMatchObject({ kind: "text", raw: block.raw, fold: null });
  });

  it("[WB105] takes in what arrives, and hides nothing when its end never comes", () => {
    const text = "Before\n\n<details><summary>More</summary>\n\none\n\ntwo";
    const page = readMarkdown(text);
    expect(toShownBlocks(page, true).at(-1)).toMatchObject({
      kind: "fold",
      fold: { summary: "More", inside: "one\n\ntwo" },
    });
    expect(toShownBlocks(page, true)).toHaveLength(2);
    expect(toShownBlocks(page, false).map(({ raw }) => raw.trim())).toEqual([
      "Before",
      "<details><summary>More</summary>",
      "one",
      "two",
    ]);
    const told = readMarkdown("<details> is a tag\n\nthat folds");
    expect(toShownBlocks(told, true)).toHaveLength(2);
  });
});

describe("limits", () => {
  const kindsOf = (text: string): string[] => readMarkdown(text).blocks.map(({ kind }) => kind);

  it("[WB140] quotes and lists that stand in each other without end are words, and what follows is read", () => {
    for (const mark of ["> ", ">", "- ", "1. ", "> - "]) {
      expect(kindsOf(`${mark.repeat(5_000)}x\n\n\`\`\`ts\nlet a;\n\`\`\``)).toEqual(["text", "code"]);
    }
    expect(kindsOf("> > > quoted\n\n- - one\n")).toEqual(["text", "text"]);
    const noStack = (): never => {
      throw new RangeError("Maximum call stack size exceeded");
    };
    expect(orTooDeep(noStack, () => "as it was written")).toBe("as it was written");
  });

  it("[WB140] a paragraph of emphasis alone is words, one with some of it is not", () => {
    const marked = new Marked(MARKDOWN_LIMITS);
    const startedMs = performance.now();
    expect(marked.parse("_a*".repeat(4_000), { async: false })).not.toContain("<em>");
    // It took twenty seconds.
    expect(performance.now() - startedMs).toBeLessThan(4_000);
    expect(marked.parse("**a** and *b*", { async: false })).toBe(
      "<p><strong>a</strong> and <em>b</em></p>\n",
    );
  });
});
