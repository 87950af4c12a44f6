/**
 * Cuts the markdown of an answer into blocks, so that while it streams only its end is read and drawn again. Pure:
 * drawing is markdown.tsx, cleaning is sanitize.ts. Rules WB30 to WB35, WB105, WB138.
 */
import type { Token } from "marked";
import { endFolds, toFold } from "./markdown-fold.ts";
import type { Fold } from "./markdown-fold.ts";
import { readBlocks } from "./markdown-limits.ts";

export interface MarkdownBlock {
  /** Where it begins in the text: its identity while the text grows. */
  readonly start: number;
  /** A `definition` of a link shows nothing by itself. */
  readonly kind: "text" | "table" | "code" | "definition" | "fold";
  /** The block's own source. */
  readonly raw: string;
  /** For `code`: the word after the fence, lower case, or empty. */
  readonly language: string;
  /** For `code`: what is between the fences. */
  readonly code: string;
  /** For `fold`: what is seen of it and what is in it. */
  readonly fold: Fold | null;
}

export interface MarkdownDocument {
  readonly text: string;
  readonly blocks: readonly MarkdownBlock[];
  /** The link definitions of the whole text: a block that refers to one is drawn with them. */
  readonly definitions: string;
  /** Where a fold begins whose end is not there, or not yet; null when each has its end. */
  readonly unfoldedFrom: number | null;
}

export const EMPTY_DOCUMENT: MarkdownDocument = {
  text: "",
  blocks: [],
  definitions: "",
  unfoldedFrom: null,
};

/** A digit that follows a list is a paragraph until its dot arrives, then part of the list: two blocks stay open. */
const OPEN_BLOCKS = 2;

const KIND: Readonly<Record<string, MarkdownBlock["kind"]>> = { table: "table", def: "definition" };

const NO_CODE = { language: "", code: "", fold: null };

function toBlock(token: Token, start: number): MarkdownBlock {
  if (token.type !== "code") return { start, kind: KIND[token.type] ?? "text", raw: token.raw, ...NO_CODE };
  const language = typeof token["lang"] === "string" ? (token["lang"].trim().split(/\s/)[0] ?? "") : "";
  const code = typeof token["text"] === "string" ? token["text"] : "";
  return { start, kind: "code", raw: token.raw, language: language.toLowerCase(), code, fold: null };
}

/** A `<details>` with all that is in it. One of another form is drawn as the HTML it is, but in one piece. */
function toFolded(tokens: readonly Token[], start: number): MarkdownBlock {
  const raw = tokens.map((token) => token.raw).join("");
  const fold = toFold(raw);
  return { start, kind: fold === null ? "text" : "fold", raw, language: "", code: "", fold };
}

/** Each fold is read as an answer of its own: nobody opens more than a few to read what is in the last. */
const MAX_FOLDS_AROUND = 8;

/** What a block inside so many folds is drawn as: deep down a fold is the HTML it is, in one piece. Rule WB138. */
export function flattenFold(block: MarkdownBlock, foldsAround: number): MarkdownBlock {
  return block.kind === "fold" && foldsAround >= MAX_FOLDS_AROUND
    ? { ...block, kind: "text", fold: null }
    : block;
}

interface Read {
  readonly blocks: readonly MarkdownBlock[];
  readonly unfoldedFrom: number | null;
}

function readFrom(text: string, start: number): Read {
  const blocks: MarkdownBlock[] = [];
  let at = start;
  let unfoldedFrom: number | null = null;
  // Blocks only: what is inside a line is read when the block is drawn.
  const tokens = readBlocks(text.slice(start));
  const ends = endFolds(tokens);
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) continue;
    const end = ends[index] ?? null;
    if (end === null) unfoldedFrom ??= at;
    if (end !== null && end > index + 1) {
      const folded = toFolded(tokens.slice(index, end), at);
      blocks.push(folded);
      at += folded.raw.length;
      index = end - 1;
      continue;
    }
    if (token.type !== "space") blocks.push(toBlock(token, at));
    at += token.raw.length;
  }
  return { blocks, unfoldedFrom };
}

function toDocument(text: string, blocks: readonly MarkdownBlock[], unfoldedFrom: number | null) {
  const definitions = blocks.flatMap((block) => (block.kind === "definition" ? [block.raw.trim()] : []));
  return { text, blocks, definitions: definitions.join("\n"), unfoldedFrom };
}

/**
 * The blocks of a text. When it begins with the text of `previous`, which was read the same way, the blocks before
 * the last two are kept as they are, the same objects.
 */
export function readMarkdown(source: string, previous: MarkdownDocument = EMPTY_DOCUMENT): MarkdownDocument {
  const text = source.replace(/\r\n?/g, "\n");
  if (text === previous.text) return previous;
  const lastFrom = previous.blocks.at(-OPEN_BLOCKS)?.start;
  if (lastFrom === undefined || !text.startsWith(previous.text)) {
    const { blocks, unfoldedFrom } = readFrom(text, 0);
    return toDocument(text, blocks, unfoldedFrom);
  }
  // The end of a fold makes one block of all since its beginning.
  const openFrom = Math.min(lastFrom, previous.unfoldedFrom ?? lastFrom);
  const kept = previous.blocks.filter(({ start }) => start < openFrom);
  const read = readFrom(text, openFrom);
  const blocks = read.blocks.map((block, index) => {
    const known = previous.blocks[kept.length + index];
    return known?.raw === block.raw && known.kind === block.kind ? known : block;
  });
  return toDocument(text, [...kept, ...blocks], read.unfoldedFrom);
}

/**
 * What is drawn. While an answer grows, a fold that has its summary is taken to be closed some time: what arrives of
 * it arrives inside. One that nobody closed hides nothing of a whole answer.
 */
export function toShownBlocks(page: MarkdownDocument, isStreaming: boolean): readonly MarkdownBlock[] {
  const shown = page.blocks.filter((block) => block.kind !== "definition");
  const { unfoldedFrom: start } = page;
  if (!isStreaming || start === null) return shown;
  const raw = page.text.slice(start);
  const fold = toFold(`${raw}\n</details>`);
  if (fold === null || fold.summary === "") return shown;
  const open: MarkdownBlock = { start, kind: "fold", raw, language: "", code: "", fold };
  return [...shown.filter((block) => block.start < start), open];
}
