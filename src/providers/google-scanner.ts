/**
 * Reads the stream of Google's Gemini wire: text in, model events out. It knows nothing of connections. Rules PR121 to PR124.
 * Source: Google's API reference, "Generating content" (`GenerateContentResponse`).
 */
import type { EventSourceMessage, EventSourceParser } from "eventsource-parser";
import type { FinishReason } from "../protocol/answer.ts";
import { GooglePartialArgs } from "./google-partial-args.ts";
import { isObject } from "./is-object.ts";
import { foldGoogleUsage } from "./token-usage.ts";
import { ToolCallReader } from "./tool-call-reader.ts";
import { WireScanner } from "./wire-scanner.ts";

type Json = Record<string, unknown>;

/** Models that draw put a picture into one event; it is not for us, and the words beside it are. */
const MAX_EVENT_CHARACTERS = 16 * 1_048_576;
/** Not of this wire, but relays of it end every stream so. */
const DONE = "[DONE]";

/** Null for one that says that the answer is broken. */
function toFinishReason(reason: string): FinishReason | null {
  switch (reason) {
    case "STOP":
      return "stop";
    case "MAX_TOKENS":
      return "length";
    case "IMAGE_SAFETY":
    case "RECITATION":
    case "SAFETY":
    case "BLOCKLIST":
    case "PROHIBITED_CONTENT":
    case "SPII":
      return "content-filter";
    case "MALFORMED_FUNCTION_CALL":
    // It wants to be asked for the rest: for whoever reads here it has broken off.
    case "CONTINUATION":
      return null;
    default:
      return "other";
  }
}

export class GoogleScanner extends WireScanner {
  readonly #parser: EventSourceParser;
  readonly #toolCalls: ToolCallReader;
  /** So many calls have begun. */
  #calls = 0;
  /** Of the call whose arguments are coming; null between calls. */
  #args: GooglePartialArgs | null = null;
  readonly #answerId: string;
  /** Null until it has been told. */
  #reason: FinishReason | null = null;
  #isBlocked = false;

  /** `answerId` is of this answer alone: calls without an id are named after it. */
  constructor(secrets: readonly string[], answerId: string) {
    super(secrets, "a finish reason");
    this.#answerId = answerId;
    this.#toolCalls = new ToolCallReader(this.found);
    this.#parser = this.found.openParser((message) => this.#read(message), MAX_EVENT_CHARACTERS);
  }

  protected override readText(text: string): void {
    this.#parser.feed(text);
  }

  protected override readBody(body: Json): void {
    this.#readEvent(body);
    this.finishOrFail();
  }

  #read({ data }: EventSourceMessage): void {
    if (data === DONE) return;
    const event = this.found.parse(data);
    if (event !== null) this.#readEvent(event);
  }

  #readEvent(event: Json): void {
    const { error, promptFeedback, candidates } = event;
    if (error !== undefined && error !== null) {
      return this.finishAsTold() ? undefined : this.found.failWith(event);
    }
    this.found.usage = foldGoogleUsage(this.found.usage, event);
    if (isBlocked(promptFeedback)) {
      this.#isBlocked = true;
      this.#reason = "content-filter";
    }
    if (this.#isBlocked) return;
    const candidate: unknown = Array.isArray(candidates) ? candidates[0] : null;
    if (!isObject(candidate)) return;
    const { content, finishReason } = candidate;
    const parts: unknown = isObject(content) ? content["parts"] : null;
    if (Array.isArray(parts)) for (const part of parts) this.#readPart(part);
    if (typeof finishReason === "string" && finishReason !== "") this.#readReason(finishReason);
  }

  #readPart(part: unknown): void {
    if (!isObject(part) || this.found.hasEnded) return;
    const { text, thought, functionCall } = part;
    const isText = typeof text === "string" && text !== "";
    // What was called the end was not, if there is more: another one has to come.
    if (isText || isObject(functionCall)) this.#reason = null;
    if (isObject(functionCall)) this.#readCall(functionCall);
    else if (isText) this.found.show({ type: thought === true ? "reasoning-delta" : "text-delta", text });
  }

  #readCall(call: Json): void {
    const { id, name, args, partialArgs, willContinue } = call;
    if (typeof name === "string" && name !== "") {
      this.#endArgs();
      this.#calls += 1;
      const isWhole = !Array.isArray(partialArgs) && willContinue !== true;
      const text = isWhole ? this.#toText(args) : GooglePartialArgs.BEGINNING;
      if (text === null) return;
      this.#readPiece({ id, function: { name, arguments: text } });
      this.#args = isWhole ? null : new GooglePartialArgs();
    }
    if (Array.isArray(partialArgs)) this.#addArgs(partialArgs);
    // A part of a text may say by itself that more of it comes.
    const isMore = willContinue === true || (Array.isArray(partialArgs) && partialArgs.some(isContinued));
    if (!isMore) this.#endArgs();
  }

  /** Of arguments that come whole. */
  #toText(args: unknown): string | null {
    return typeof args === "string" ? args : this.found.toJson(args ?? {});
  }

  #addArgs(partialArgs: readonly unknown[]): void {
    for (const arg of partialArgs) {
      const text = this.#args?.add(arg) ?? null;
      if (text === null) return this.found.fail("malformed", "an argument of a tool call cannot be read");
      this.#readPiece({ function: { arguments: text } });
    }
  }

  /** All arguments of the open call are there. */
  #endArgs(): void {
    if (this.#args === null) return;
    this.#readPiece({ function: { arguments: this.#args.end() } });
    this.#args = null;
  }

  #readPiece(piece: Json): void {
    const index = this.#calls;
    this.#toolCalls.read({ ...piece, index }, index, this.#answerId);
  }

  /** Why the answer ends. What it counted, and more of it, may come behind. */
  #readReason(told: string): void {
    this.#reason = toFinishReason(told);
    if (this.#reason === null) this.found.fail("stream-error", `the provider finished with ${told}`);
  }

  protected override finishAsTold(): boolean {
    if (this.#reason === null) return false;
    if (!this.found.hasEnded) this.#finish(this.#reason);
    return true;
  }

  #finish(reason: FinishReason): void {
    // Arguments that have not all come are no JSON.
    this.#args = null;
    this.#toolCalls.close(reason === "length");
    // Nothing was said, and by its own count nothing was meant to be: so Google ends answers that it did not give.
    const { outputTokens, reasoningTokens } = this.found.usage;
    const hasAnswer = this.found.hasShown || (outputTokens ?? 0) > (reasoningTokens ?? 0);
    if (reason === "stop" && !hasAnswer) return this.found.fail("stream-cut", "the answer is empty");
    this.found.finish(reason === "stop" && this.#calls > 0 ? "tool-calls" : reason, null);
  }
}

function isBlocked(promptFeedback: unknown): boolean {
  const reason = isObject(promptFeedback) ? promptFeedback["blockReason"] : null;
  return typeof reason === "string" && reason !== "" && !reason.endsWith("_UNSPECIFIED");
}

function isContinued(arg: unknown): boolean {
  return isObject(arg) && arg["willContinue"] === true;
}
