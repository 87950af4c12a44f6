/**
 * Cuts the markdown of an answer into blocks, so that while it streams only its end is read and drawn again. Pure:
 * drawing is markdown.tsx, cleaning is sanitize.ts. Rules WB30 to WB35.
 */
import { Lexer } from "marked";
import type { Token } from "marked";

export interface MarkdownBlock {
  /** Where it begins in the text: its identity while the text grows. */
  readonly start: number;
  /** A `definition` of a link shows nothing by itself. */
  readonly kind: "text" | "table" | "code" | "definition";
  /** The block's own source. */
  readonly raw: string;
  /** For `code`: the word after the fence, lower case, or empty. */
  readonly language: string;
  /** For `code`: what is between the fences. */
  readonly code: string;
}

export interface MarkdownDocument {
  readonly text: string;
  readonly blocks: readonly MarkdownBlock[];
  /** The link definitions of the whole text: a block that refers to one is drawn with them. */
  readonly definitions: string;
}

export const EMPTY_DOCUMENT: MarkdownDocument = { text: "", blocks: [], definitions: "" };

/** A digit that follows a list is a paragraph until its dot arrives, then part of the list: two blocks stay open. */
const OPEN_BLOCKS = 2;

const KIND: Readonly<Record<string, MarkdownBlock["kind"]>> = { table: "table", def: "definition" };

function toBlock(token: Token, start: number): MarkdownBlock {
  if (token.type !== "code") {
    return { start, kind: KIND[token.type] ?? "text", raw: token.raw, language: "", code: "" };
  }
  const language = typeof token["lang"] === "string" ? (token["lang"].trim().split(/\s/)[0] ?? "") : "";
  const code = typeof token["text"] === "string" ? token["text"] : "";
  return { start, kind: "code", raw: token.raw, language: language.toLowerCase(), code };
}

function readFrom(text: string, start: number): MarkdownBlock[] {
  const blocks: MarkdownBlock[] = [];
  let at = start;
  // Blocks only: what is inside a line is read when the block is drawn.
  for (const token of new Lexer().blockTokens(text.slice(start), [])) {
    if (token.type !== "space") blocks.push(toBlock(token, at));
    at += token.raw.length;
  }
  return blocks;
}

function toDocument(text: string, blocks: readonly MarkdownBlock[]): MarkdownDocument {
  const definitions = blocks.flatMap((block) => (block.kind === "definition" ? [block.raw.trim()] : []));
  return { text, blocks, definitions: definitions.join("\n") };
}

/**
 * The blocks of a text. When it begins with the text of `previous`, which was read the same way, the blocks before
 * the last two are kept as they are, the same objects.
 */
export function readMarkdown(source: string, previous: MarkdownDocument = EMPTY_DOCUMENT): MarkdownDocument {
  const text = source.replace(/\r\n?/g, "\n");
  if (text === previous.text) return previous;
  const openFrom = previous.blocks.at(-OPEN_BLOCKS)?.start;
  if (openFrom === undefined || !text.startsWith(previous.text)) return toDocument(text, readFrom(text, 0));
  const kept = previous.blocks.slice(0, -OPEN_BLOCKS);
  const read = readFrom(text, openFrom).map((block, index) => {
    const known = previous.blocks[kept.length + index];
    return known?.raw === block.raw && known.kind === block.kind ? known : block;
  });
  return toDocument(text, [...kept, ...read]);
}
