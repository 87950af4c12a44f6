/**
 * The only way from an answer's text to HTML: marked draws it, DOMPurify lets through what an answer needs and
 * nothing else. Pictures from elsewhere become links, since loading one tells its owner who reads.
 */
import DOMPurify from "dompurify";
import { Marked } from "marked";
import remend from "remend";
import { MARKDOWN_LIMITS, orTooDeep } from "./markdown-limits.ts";
import { ANSWER_TAGS, toTagHtml, unpairTags } from "../answer/answer-tags.ts";

const ANSWER_ATTRIBUTES = ["href", "title", "start", "align", "type", "checked", "disabled", "open"];
const SAFE_LINK = /^(?:https?:|mailto:)/i;

const purify = DOMPurify(window);
/** Each begins where its first letter does: from the left, or from the right. */
const DIRECTED = new Set(
  ["P", "H1", "H2", "H3", "H4", "H5", "H6"].concat(["UL", "OL", "DL", "BLOCKQUOTE", "TABLE", "DETAILS"]),
);

purify.addHook("afterSanitizeAttributes", (node) => {
  // The outermost alone: a browser passes over what has a direction of its own when it looks for the first letter.
  if (DIRECTED.has(node.tagName) && !node.parentElement?.closest("[dir]")) node.setAttribute("dir", "auto");
  if (node.tagName === "A") {
    if (!SAFE_LINK.test(node.getAttribute("href") ?? "")) node.removeAttribute("href");
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
  }
  if (node.tagName === "INPUT") {
    if (node.getAttribute("type") !== "checkbox") node.remove();
    else node.setAttribute("disabled", "");
  }
});

const marked = new Marked(MARKDOWN_LIMITS, {
  gfm: true,
  walkTokens: unpairTags,
  renderer: {
    html: toTagHtml,
    image({ href, text }) {
      const label = text === "" ? "picture" : text;
      const link = document.createElement("a");
      link.href = href;
      link.textContent = label;
      return link.outerHTML;
    },
  },
});

/** A text as it was written. */
function toPlainHtml(text: string): string {
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  return paragraph.outerHTML;
}

/** HTML for one block; while it streams, marks that are still open are closed first. */
export function toAnswerHtml(raw: string, definitions: string, isOpen: boolean): string {
  const closed = isOpen ? remend(raw, { linkMode: "text-only", images: false }) : raw;
  const source = definitions !== "" && closed.includes("[") ? `${closed}\n\n${definitions}` : closed;
  const html = orTooDeep(
    () => marked.parse(source, { async: false }),
    () => toPlainHtml(raw),
  );
  return purify.sanitize(html, {
    // The box of a task is marked's own.
    ALLOWED_TAGS: [...ANSWER_TAGS, "input"],
    ALLOWED_ATTR: ANSWER_ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
  });
}

/** Coloured code as highlight.js gives it: spans with classes and nothing else. */
export function toCodeHtml(html: string): string {
  return purify.sanitize(html, { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"] });
}
