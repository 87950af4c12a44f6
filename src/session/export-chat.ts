/** A chat as a file, in pieces, so that one of any length can be sent. Pure. Rules SE85, SE142. */
import type { SessionExport } from "../protocol/session-api.ts";
import type { StoredMessage } from "../protocol/session-frame.ts";
import { readToolOutputs, toLeftCalls } from "../protocol/tool-output.ts";
import { toMessageText } from "./to-prompt.ts";

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
  const told = [...files, ...outputs, ...(text === "" ? [] : [text]), ...calls].map(closeFence);
  const body = told.length === 0 ? "*(nothing)*" : told.join("\n\n");
  if (message.role === "user") return `\n## Question\n\n${body}\n`;
  const receipt = message.metadata;
  const legs = (receipt?.legs ?? []).map(({ provider, model }) => `${provider}/${model}`);
  const by = legs.length === 0 ? "" : ` (${[...new Set(legs)].join(", then ")})`;
  const notice = receipt?.notice ?? null;
  return `\n## Answer${by}\n\n${body}\n${notice === null ? "" : `\n> ${notice}\n`}`;
}

/** An answer that was cut off within a code block would take everything below it into that block. */
function closeFence(text: string): string {
  let open: { readonly indent: string; readonly marks: string } | null = null;
  for (const line of text.split(/\r\n?|\n/)) {
    const [, indent = "", marks = "", rest = ""] = /^( {0,3})(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (marks === "") continue;
    if (open === null) {
      // Backticks with more of them behind on their line are code within a line.
      if (marks.startsWith("~") || !rest.includes("`")) open = { indent, marks };
    } else if (marks.startsWith(open.marks) && rest.trim() === "") open = null;
  }
  return open === null ? text : `${text}\n${open.indent}${open.marks}`;
}
