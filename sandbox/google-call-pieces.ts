/**
 * A tool call of Google's in pieces: aimock sends it whole, a model that streams its arguments sends one value after
 * another (`partialArgs`), long strings in parts. So does Vertex AI when asked to; the Gemini API sends calls whole,
 * which is how those without arguments still come. Rule PR92. Pure.
 */
import { isObject, objectsIn, PIECE_CHARACTERS } from "./provider-wire.ts";
import type { JsonObject } from "./provider-wire.ts";

/** Keys that stand in a path as they are. */
const PLAIN_KEY = /^[A-Za-z_]\w*$/;
const PIECES = new RegExp(`.{1,${PIECE_CHARACTERS}}`, "gsu");

/** One event with a whole call as the events of a streamed one; any other event as it is. */
export function toCallPieces(event: JsonObject): JsonObject[] {
  const [candidate] = objectsIn(event["candidates"]);
  const content = candidate?.["content"];
  if (candidate === undefined || !isObject(content)) return [event];
  const parts = objectsIn(content["parts"]).flatMap(cutPart);
  if (parts.length < 2) return [event];
  return parts.map((part, index) => {
    const cutContent = { ...content, parts: [part] };
    // Counts and the reason of the end come with the last piece.
    return index === parts.length - 1
      ? { ...event, candidates: [{ ...candidate, content: cutContent }] }
      : { candidates: [{ content: cutContent, index: candidate["index"] }] };
  });
}

function cutPart(part: JsonObject): JsonObject[] {
  const call = part["functionCall"];
  if (!isObject(call) || !isObject(call["args"])) return [part];
  const values = toPartialArgs("$", call["args"]);
  // Without arguments, or with some that no path leads to, it comes whole.
  if (values === null || values.length === 0) return [part];
  const { args: _, ...named } = call;
  return [
    { ...part, functionCall: { ...named, willContinue: true } },
    ...values.map((value) => ({ functionCall: { partialArgs: [value], willContinue: true } })),
    { functionCall: {} },
  ];
}

/** The values of an argument and where they belong; null when one of them cannot be told so. */
function toPartialArgs(jsonPath: string, value: unknown): JsonObject[] | null {
  if (typeof value === "string") {
    const pieces = value.match(PIECES) ?? [""];
    return pieces.map((stringValue, index) =>
      index === pieces.length - 1 ? { jsonPath, stringValue } : { jsonPath, stringValue, willContinue: true },
    );
  }
  if (typeof value === "number") return [{ jsonPath, numberValue: value }];
  if (typeof value === "boolean") return [{ jsonPath, boolValue: value }];
  if (value === null) return [{ jsonPath, nullValue: "NULL_VALUE" }];
  if (Array.isArray(value)) {
    return joinArgs(value.map((item: unknown, index) => toPartialArgs(`${jsonPath}[${index}]`, item)));
  }
  if (!isObject(value)) return null;
  return joinArgs(
    Object.entries(value).map(([key, item]) =>
      PLAIN_KEY.test(key) ? toPartialArgs(`${jsonPath}.${key}`, item) : null,
    ),
  );
}

function joinArgs(parts: readonly (JsonObject[] | null)[]): JsonObject[] | null {
  const values: JsonObject[] = [];
  for (const part of parts) {
    // An empty list or object has no value that could be sent.
    if (part === null || part.length === 0) return null;
    values.push(...part);
  }
  return parts.length === 0 ? [] : values;
}
