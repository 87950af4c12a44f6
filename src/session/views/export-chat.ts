/** A chat as a file, in pieces, so that one of any length can be sent. Pure. Rules SE85, SE142, SE250, WB102. */
import type { SessionExport } from "../../protocol/session-api.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";
import { readToolOutputs, toLeftCalls } from "../../protocol/tool-output.ts";
import { toMessageText } from "../context/to-prompt.ts";

export type ExportHead = Omit<SessionExport, "messages">;

/** JSON of the shape SessionExport. */
export function* toJsonExport(
  head: ExportHead,
  pages: Iterable<readonly StoredMessage[]>,
): Generator<string, void, undefined> {
  yield `${JSON.stringify(head).slice(0, -1)},"messages":[`;
  let isFirst = true;
  for (const page of pages) {
    const text = page.map((message) => JSON.stringify(message)).join(",");
    if (text === "") continue;
    yield isFirst ? text : `,${text}`;
    isFirst = false;
  }
  yield "]}\n";
}

/** Markdown of the path that is shown: what was said, who answered, and what did not come to its end. */
export function* toMarkdownExport(
  { title, exportedAt }: Pick<ExportHead, "title" | "exportedAt">,
  pages: Iterable<readonly StoredMessage[]>,
): Generator<string, void, undefined> {
  yield `# ${title}\n\nExported ${exportedAt}\n`;
  for (const page of pages) for (const message of page) yield toSection(message);
}

function toSection(message: StoredMessage): string {
  const text = toMessageText(message);
  const files = message.parts.flatMap((part) =>
    part.type === "file"
      ? [`*Attached: ${typeof part["filename"] === "string" ? part["filename"] : "a file"}*`]
      : [],
  );
  const outputs = readToolOutputs(message).map(
    ({ toolName, output }) => `*Result of ${toolName}:* ${output}`,
  );
  const calls = toLeftCalls(message).map(
    ({ toolName, input }) => `*Asked for a call of ${toolName}:* ${JSON.stringify(input)}`,
  );
  const told = [...files, ...outputs, ...(text === "" ? [] : [text]), ...calls].map(closeBlocks);
  const body = told.length === 0 ? "*(nothing)*" : told.join("\n\n");
  if (message.role === "user") return `\n## Question\n\n${body}\n`;
  const receipt = message.metadata;
  const legs = (receipt?.legs ?? []).map(({ provider, model }) => `${provider}/${model}`);
  const by = legs.length === 0 ? "" : ` (${[...new Set(legs)].join(", then ")})`;
  const notice = receipt?.notice ?? null;
  return `\n## Answer${by}\n\n${body}\n${notice === null ? "" : `\n> ${notice}\n`}`;
}

/** What takes everything below it until its end stands there: a fence, or HTML that blank lines do not end. */
interface OpenBlock {
  /** The line that ends it. */
  readonly end: string;
  isEnd(line: string): boolean;
}

/** The kinds of HTML block that CommonMark ends by a mark alone. */
const HTML_BLOCKS: readonly (readonly [begin: RegExp, end: RegExp, toEnd: (name: string) => string])[] = [
  [
    /^ {0,3}<(pre|script|style|textarea)(?:[\s>]|$)/i,
    /<\/(?:pre|script|style|textarea)>/i,
    (name) => `</${name}>`,
  ],
  [/^ {0,3}<!--/, /-->/, () => "-->"],
  [/^ {0,3}<\?/, /\?>/, () => "?>"],
  [/^ {0,3}<!\[CDATA\[/, /\]\]>/, () => "]]>"],
  [/^ {0,3}<![a-z]/i, />/, () => ">"],
];

function toOpenBlock(line: string): OpenBlock | null {
  const [, indent = "", marks = "", rest = ""] = /^( {0,3})(`{3,}|~{3,})(.*)/s.exec(line) ?? [];
  // Backticks with more of them behind on their line are code within a line.
  if (marks !== "" && (marks.startsWith("~") || !rest.includes("`"))) {
    const isEnd = (below: string): boolean => {
      const [, more = "", behind = ""] = /^ {0,3}(`{3,}|~{3,})(.*)/s.exec(below) ?? [];
      return more.startsWith(marks) && behind.trim() === "";
    };
    return { end: `${indent}${marks}`, isEnd };
  }
  for (const [begin, end, toEnd] of HTML_BLOCKS) {
    const begun = begin.exec(line);
    if (begun === null) continue;
    // It may end on the line it begins on.
    return end.test(line.slice(begun[0].length))
      ? null
      : { end: toEnd(begun[1] ?? ""), isEnd: (below) => end.test(below) };
  }
  return null;
}

/** What is folded by a `<details>` that nobody closes is folded with all that follows. */
const countFolds = (line: string): number =>
  (/^ {0,3}<details[\s>]/i.test(line) ? 1 : 0) - (line.match(/<\/details>/gi)?.length ?? 0);

/** An answer that was cut off within a block would take everything below it into that block. */
function closeBlocks(text: string): string {
  let open: OpenBlock | null = null;
  let folds = 0;
  for (const line of text.split(/\r\n?|\n/)) {
    if (open !== null) {
      if (open.isEnd(line)) open = null;
      continue;
    }
    open = toOpenBlock(line);
    if (open === null) folds = Math.max(0, folds + countFolds(line));
  }
  const ends = [
    ...(open === null ? [] : [open.end]),
    ...(folds === 0 ? [] : ["", "</details>".repeat(folds)]),
  ];
  return ends.length === 0 ? text : `${text}\n${ends.join("\n")}`;
}
