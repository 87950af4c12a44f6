/**
 * What a stand-in says when a chat asks for a title or a summary of itself: something short made of the person's own
 * words, where its usual page about itself would be of no use. Pure. Rule PR94.
 */

const TITLE_WISH = /^Write a title of at most six words/;
const SUMMARY_WISH = /^Summarise the conversation below/;
const TITLE_WORDS = 6;
const QUOTED_CHARACTERS = 100;

/** Null for any other question. */
export function toUpkeepAnswer(text: string): string | null {
  const questions = [...text.matchAll(/^Person: (.+)$/gm)].map((match) => clean(match[1] ?? ""));
  if (TITLE_WISH.test(text)) {
    const words = (questions[0] ?? "").split(" ").filter((word) => word !== "");
    return words.length === 0 ? "A conversation" : words.slice(0, TITLE_WORDS).join(" ");
  }
  if (!SUMMARY_WISH.test(text)) return null;
  const listed = questions.map((question) => `- ${question.slice(0, QUOTED_CHARACTERS)}`).join("\n");
  return `The sandbox's stand-in keeps what was asked, word for word, and no model wrote this summary. The person asked:\n\n${listed}`;
}

/** Without what a stand-in would take for an order. */
function clean(text: string): string {
  return text
    .replace(/\[\[[^\]]*\]\]/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[?.!:]+$/, "");
}
