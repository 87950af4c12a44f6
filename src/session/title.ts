/** A chat's first name, taken from its first question. Pure. Rule SE31. */
import { MAX_TITLE_CHARACTERS } from "../protocol/session-api.ts";

/** What a chat is called until somebody says something. */
export const UNTITLED = "New chat";

const TITLE_CHARACTERS = 60;

/** The first line of the question, cut at a word; UNTITLED when there is nothing to take. */
export function toTitle(question: string): string {
  const line =
    question
      .replace(/[#*_`>[\]]/g, "")
      .trim()
      .split("\n")[0]
      ?.replace(/\s+/g, " ")
      .trim() ?? "";
  if (line === "") return UNTITLED;
  if (line.length <= TITLE_CHARACTERS) return line;
  // A sign of two units is not cut in half.
  const cut = line.slice(0, TITLE_CHARACTERS).replace(/[\uD800-\uDBFF]$/u, "");
  const space = cut.lastIndexOf(" ");
  return `${(space > TITLE_CHARACTERS / 2 ? cut.slice(0, space) : cut).trimEnd()}…`.slice(
    0,
    MAX_TITLE_CHARACTERS,
  );
}
