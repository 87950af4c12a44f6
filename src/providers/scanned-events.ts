/**
 * What a scanner has found out about an answer and not handed out yet. The same for every wire: an answer ends once, what
 * its provider said in its own words goes out in front of what it means. Rules PR53, PR54, HT170.
 */
import { createParser, type EventSourceMessage, type EventSourceParser } from "eventsource-parser";
import { UNKNOWN_USAGE, type FinishReason, type TokenUsage } from "../protocol/answer.ts";
import { describeError } from "./classify-response.ts";
import { toFailureMessage } from "./failure-message.ts";
import type { ProviderFailureKind } from "./failure.ts";
import { isObject } from "./is-object.ts";
import type { ModelEvent } from "./provider.ts";

/** One event of a wire is a few hundred bytes; a megabyte without an end is none. */
const MAX_EVENT_CHARACTERS = 1_048_576;

export class ScannedEvents {
  usage: TokenUsage = UNKNOWN_USAGE;
  private readonly secrets: readonly string[];
  private events: ModelEvent[] = [];
  /** Events of the wire that have shown nothing yet. */
  private unshownWire = "";
  private shown = false;
  private ended = false;
  private finished = false;

  constructor(secrets: readonly string[]) {
    this.secrets = secrets;
  }

  /** Something of the answer itself was handed out, or is about to be. */
  get hasShown(): boolean {
    return this.shown;
  }

  /** True once `finish` or `fail` was handed out or is about to be. */
  get hasEnded(): boolean {
    return this.ended;
  }

  /** True when that was, or will be, `finish`. */
  get hasFinished(): boolean {
    return this.finished;
  }

  /** What was found since the last time, as one batch. */
  take(): readonly ModelEvent[] {
    const { events } = this;
    this.events = [];
    return events;
  }

  /** Whole events of the wire, as they came; what they mean is shown next. */
  noteWire(text: string): void {
    this.unshownWire += text;
  }

  /** Nothing is shown behind the end. */
  show(event: ModelEvent): void {
    if (this.ended) return;
    this.shown = true;
    const isProse = event.type === "text-delta" || event.type === "reasoning-delta";
    this.passWire(isProse);
    this.events.push(event);
  }

  /** Hands out the wire's events that mean nothing to others. */
  passWire(isProse: boolean): void {
    if (this.unshownWire === "") return;
    this.events.push({ type: "wire", text: this.unshownWire, isProse });
    this.unshownWire = "";
  }

  /** Cuts the text of a stream into its events, until the answer has ended. */
  openParser(
    read: (message: EventSourceMessage) => void,
    maxEventCharacters = MAX_EVENT_CHARACTERS,
  ): EventSourceParser {
    return createParser({
      maxBufferSize: maxEventCharacters,
      onEvent: (message) => {
        if (!this.ended) read(message);
      },
      onError: (error) => {
        // Unknown fields are to be ignored, the event source format says; only a flood ends the stream.
        if (error.type === "max-buffer-size-exceeded")
          this.fail("malformed", "an event of the stream is too long");
      },
    });
  }

  /** The object that an event holds; null where there is none, which ends the answer. */
  parse(data: string): Record<string, unknown> | null {
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      // The bytes may be anything, a prompt too: they are not quoted.
      this.fail("malformed", "an event of the stream is not JSON");
      return null;
    }
    if (isObject(value) && !Array.isArray(value)) return value;
    this.fail("malformed", "an event of the stream is not an object");
    return null;
  }

  /** The JSON text of what a provider sent as a value; null where that is nested too deep, which ends the answer. */
  toJson(value: unknown): string | null {
    try {
      return JSON.stringify(value);
    } catch {
      // It was parsed from JSON: nothing but its depth can be wrong.
      this.fail("malformed", "the arguments of a tool call are nested too deep");
      return null;
    }
  }

  /** `native` is what the wire ended with; null for a call in our words. */
  finish(finishReason: FinishReason, native: readonly Record<string, unknown>[] | null): void {
    if (this.ended) return;
    this.ended = true;
    this.finished = true;
    const { usage } = this;
    this.events.push({ type: "finish", finishReason, usage, ...(native === null ? {} : { native }) });
  }

  fail(kind: ProviderFailureKind, message: string): void {
    if (this.ended) return;
    this.ended = true;
    const phase = this.shown ? "stream" : "first-token";
    this.events.push({
      type: "fail",
      usage: this.usage,
      failure: {
        kind,
        phase,
        status: 200,
        retryAfterMs: null,
        message: toFailureMessage(message, this.secrets),
      },
    });
  }

  /** The stream is over, and `end`, which has to come, has not. */
  failCut(end: string): void {
    this.fail("stream-cut", this.shown ? `the stream ended without ${end}` : "the stream was empty");
  }

  /** The provider says in its answer that it failed. */
  failWith(body: Record<string, unknown>): void {
    const description = describeError(body);
    const said = `${description?.words ?? ""} ${description?.message ?? ""}`.trim();
    this.fail("stream-error", `the provider sent an error in its stream${said === "" ? "" : `: ${said}`}`);
  }
}

/** The data of an event as one line, in however many it came; `value` is what it holds. */
export function toDataLine(data: string, value: object): string {
  return `data: ${data.includes("\n") ? JSON.stringify(value) : data}\n\n`;
}
