/**
 * Which angle brackets of an answer are tags and which are words: `List<String>`, `<your-name>` and a `<script>` that
 * an answer only tells of are shown as they were written. Pure; cleaning what is drawn is sanitize.ts. Rule WB92.
 */
import type { Token, Tokens } from "marked";

/** What an answer's markdown becomes, and the few tags that models write themselves. */
export const ANSWER_TAGS = [
  ...["p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "div", "details", "summary"],
  ...["strong", "b", "em", "i", "u", "ins", "del", "s", "small", "sub", "sup", "kbd", "mark", "span", "a"],
  ...["code", "pre", "samp", "var", "abbr", "cite", "q"],
  ...["ul", "ol", "li", "dl", "dt", "dd"],
  ...["table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"],
];

const DRAWN = new Set(ANSWER_TAGS);
/** They have no end tag. */
const EMPTY = new Set(["br", "hr"]);

/** Capitals are a type's: `Option<A>`. */
const BRACKET = /<(?:\/?([a-z][a-z0-9]*)(?=[\s/>]))?/g;
const TAG = /^<(\/?)([a-z][a-z0-9]*)(?=[\s/>])[^>]*?(\/?)>$/;

const toWords = (raw: string): string => raw.replaceAll("<", "&lt;");

const isTag = (token: Token): token is Tokens.Tag => token.type === "html";

/** Makes words of the tags among these that have no partner: what is said of `<details>` must not hide what follows. */
function unpair(tokens: readonly Token[]): void {
  const open: { readonly name: string; readonly token: Tokens.Tag }[] = [];
  const alone = new Set<Tokens.Tag>();
  for (const token of tokens) {
    if (!isTag(token)) continue;
    const [, slash, name = ""] = TAG.exec(token.raw) ?? [];
    if (EMPTY.has(name)) continue;
    if (slash !== "/") {
      open.push({ name, token });
      continue;
    }
    const at = open.findLastIndex((one) => one.name === name);
    if (at === -1) alone.add(token);
    // What was opened inside it and not closed has no partner either.
    else for (const one of open.splice(at).slice(1)) alone.add(one.token);
  }
  for (const token of [...alone, ...open.map((one) => one.token)]) token.text = toWords(token.raw);
}

const isTable = (token: Token): token is Tokens.Table => token.type === "table";

/** For marked's `walkTokens`. */
export function unpairTags(token: Token): void {
  if (isTable(token)) for (const { tokens } of [token.header, ...token.rows].flat()) unpair(tokens);
  else if ("tokens" in token && token.tokens !== undefined) unpair(token.tokens);
}

/** For marked's `renderer.html`: the tags that are drawn as they are, everything else as words. */
export function toTagHtml({ text, block }: Tokens.HTML | Tokens.Tag): string {
  const html = text.replace(BRACKET, (bracket, name: string | undefined) =>
    name !== undefined && DRAWN.has(name) ? bracket : toWords(bracket),
  );
  // A block of it is no paragraph to marked: its lines would run into each other.
  return block && html.trimStart().startsWith("&lt;")
    ? `<p>${html.trim().replaceAll("\n", "<br>")}</p>`
    : html;
}
