/**
 * Sorts what `wrangler dev` prints. The Worker's own log lines and wrangler's chatter go to the file; what a person
 * has to see (the Worker's errors, wrangler's errors) goes to the terminal too. Pure.
 */
import { stripVTControlCharacters } from "node:util";

export interface SortedLine {
  /** The line without colours. */
  readonly text: string;
  readonly shown: boolean;
}

/** Wrangler's messages have several lines: a headline, then indented or empty ones that belong to it. */
export function createLineSorter(): (line: string) => SortedLine {
  let inError = false;
  return (line) => {
    const text = stripVTControlCharacters(line).trimEnd();
    if (text.startsWith("{")) {
      inError = false;
      return { text, shown: isErrorEvent(text) };
    }
    if (/^✘|^\[wrangler:error\]|^Error:/.test(text)) inError = true;
    else if (text !== "" && !/^\s/.test(text)) inError = false;
    return { text, shown: inError && text !== "" };
  };
}

function isErrorEvent(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "level" in value && value.level === "error";
  } catch {
    return false;
  }
}
