/**
 * WIRE: JSON of a caller's own making inside of a request: schemas, and what tools were called with. It is written out again
 * for a provider, a chat or a key, and whatever does that goes as deep as it is led: the depth is bounded where it comes in,
 * on every wire. Rule HT200.
 */
import { z } from "zod";

/** No schema and no input of a tool is nested deeper; one that is, was made to overflow a stack. */
const MAX_JSON_DEPTH = 64;

const TOO_DEEP = { error: `must not be nested more than ${MAX_JSON_DEPTH} deep` };

/** `levels`: how many of objects and lists it may have. */
function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isWithin(each, levels - 1));
}

/** The same of a JSON text, which need not be parsed for it; of any other text it says nothing. */
function isTextWithin(text: string, levels: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') inString = !inString;
    else if (inString) {
      if (character === "\\") at += 1;
    } else if (character === "{" || character === "[") {
      depth += 1;
      if (depth > levels) return false;
    } else if (character === "}" || character === "]") depth -= 1;
  }
  return true;
}

/** `shape` for what is not nested deeper than that. */
export const toBounded = <Shape extends z.ZodType<object>>(shape: Shape): Shape =>
  shape.refine((value) => isWithin(value, MAX_JSON_DEPTH), TOO_DEEP);

/** Of which not more is known. */
export const CallerJson = toBounded(z.record(z.string(), z.unknown()));

/** JSON as OpenAI's wires have it in calls: a text. Whether it is JSON is seen where it is read. */
export const CallerJsonText = z.string().refine((text) => isTextWithin(text, MAX_JSON_DEPTH), TOO_DEEP);
