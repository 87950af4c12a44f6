/** Puts tool calls of the OpenAI chat wire together from the pieces in which they come. Rules PR55 to PR58. */
import { parseJson } from "../base/parse-json.ts";
import { MAX_TOOL_CALL_ID_CHARACTERS } from "../protocol/tool-call-id.ts";
import { isObject } from "./is-object.ts";
import type { ScannedEvents } from "./scanned-events.ts";

/** All arguments of one call together; larger ones would not fit a socket frame anyway. */
const MAX_TOOL_INPUT_CHARACTERS = 1_048_576;
/** More calls than any model makes in one answer. */
const MAX_TOOL_CALLS = 128;

interface OpenToolCall {
  readonly toolCallId: string;
  readonly toolName: string;
  input: string;
}

export class ToolCallReader {
  readonly #open = new Map<number, OpenToolCall>();
  /** An id is one call's: whoever answers calls could not tell two of them apart. */
  readonly #ids = new Set<string>();
  readonly #found: ScannedEvents;

  /** What it reads goes among what is found. */
  constructor(found: ScannedEvents) {
    this.#found = found;
  }

  /** One piece of one call; `position` stands for an index that is missing. */
  read(part: unknown, position: number, answerId: string): void {
    if (!isObject(part)) return;
    const index = typeof part["index"] === "number" ? part["index"] : position;
    const callee = isObject(part["function"]) ? part["function"] : {};
    let open = this.#open.get(index);
    if (open === undefined) {
      const toolName = callee["name"];
      if (typeof toolName !== "string" || toolName === "" || this.#open.size >= MAX_TOOL_CALLS) {
        this.#found.fail("malformed", "a tool call has no name, or there are too many");
        return;
      }
      const id = part["id"];
      // A place alone would come again in the next step of the same answer.
      const ownId = answerId === "" ? `call_${index}` : `call_${answerId}_${index}`;
      const isId = typeof id === "string" && id !== "" && id.length <= MAX_TOOL_CALL_ID_CHARACTERS;
      open = { toolCallId: isId && !this.#ids.has(id) ? id : ownId, toolName, input: "" };
      this.#ids.add(open.toolCallId);
      this.#open.set(index, open);
      this.#found.show({ type: "tool-input-start", toolCallId: open.toolCallId, toolName });
    }
    const text = callee["arguments"];
    if (typeof text !== "string" || text === "") return;
    if (open.input.length + text.length > MAX_TOOL_INPUT_CHARACTERS) {
      this.#found.fail("malformed", "the arguments of a tool call are too long");
      return;
    }
    open.input += text;
    this.#found.show({ type: "tool-input-delta", toolCallId: open.toolCallId, text });
  }

  /** The provider has said that it is done; `isCut`: by the limit of its output. */
  close(isCut: boolean): void {
    for (const { toolCallId, toolName, input } of this.#open.values()) {
      // Without arguments, or cut before the first of them: nobody can tell.
      if (isCut && input.trim() === "") continue;
      const whole = input.trim() === "" ? "{}" : input;
      // Cut by the output limit, a call is no call; `finish` with `length` says what happened.
      if (!parseJson(whole).ok) {
        if (!isCut) this.#found.fail("malformed", "the arguments of a tool call are not JSON");
      } else this.#found.show({ type: "tool-call", toolCallId, toolName, input: whole });
    }
    this.#open.clear();
  }
}
