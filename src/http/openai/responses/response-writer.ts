/**
 * Writes an answer as a response of OpenAI's Responses API: its events for a stream, one object otherwise. Pure; one
 * writer for one answer. Rules HT103 to HT108.
 */
import { toServerSentEvent } from "../../../base/event-stream.ts";
import type { TokenUsage } from "../../../protocol/answer.ts";
import type { BreakwaterEnd } from "../../../protocol/breakwater-end.ts";
import type { AnswerEnd, AnswerEvent } from "../../../routing/run-plan.ts";
import type { WireRefusal, WireWriter } from "../../door/wire-writer.ts";
import { toAnswerFailure, type AnswerFailure } from "../../door/answer-failure.ts";
import { INTERNAL_ERROR, toOpenAiError } from "../openai-error.ts";
import type { AskedWords } from "./to-call-settings.ts";
import { ResponseOutput, type OutputEvent } from "./response-output.ts";

export interface ResponseFacts {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly nowSeconds: () => number;
  /** What was asked for; the target that speaks first takes its place. */
  readonly model: string;
  readonly request: AskedWords;
  readonly newItemId: (prefix: string) => string;
}

type ResponseStatus = "in_progress" | "completed" | "incomplete" | "failed" | "cancelled";
interface ResponseError {
  readonly code: "server_error" | "rate_limit_exceeded" | "invalid_prompt";
  readonly message: string;
}

/** The wire has a closed list of codes; those of ours are in the message. */
const ERROR_CODES: Readonly<Record<AnswerFailure["kind"], ResponseError["code"]>> = {
  incomplete: "server_error",
  "rate-limited": "rate_limit_exceeded",
  "model-not-found": "server_error",
  "bad-request": "invalid_prompt",
  "context-too-long": "invalid_prompt",
  "content-refused": "invalid_prompt",
  timeout: "server_error",
  unavailable: "server_error",
};

/** What an answer ended by although its model thinks that it is done. */
type StopReason = "max_output_tokens" | "content_filter";

interface ResponseEnd {
  readonly status: ResponseStatus;
  readonly reason?: StopReason | null;
  readonly error?: ResponseError;
  readonly usage?: TokenUsage;
  readonly breakwater?: BreakwaterEnd;
}

export class ResponseWriter implements WireWriter {
  private readonly facts: ResponseFacts;
  private output: ResponseOutput;
  private model: string | null = null;
  private started = false;
  private sequenceNumber = 0;

  constructor(facts: ResponseFacts) {
    this.facts = facts;
    this.output = new ResponseOutput(facts.newItemId);
  }

  startOver(): void {
    this.model = null;
    this.output = new ResponseOutput(this.facts.newItemId);
  }

  write(events: readonly AnswerEvent[]): string {
    const told: OutputEvent[] = [];
    for (const event of events) {
      if (event.type === "leg-start") this.model ??= `${event.target.provider}/${event.target.model}`;
      this.output.take(event, (one) => told.push(one));
    }
    return told.length === 0 ? "" : this.toText([...this.toBeginning(), ...told]);
  }

  /** A model that was stopped by a limit or a filter leaves a response that says so, as this wire has it. */
  end(end: AnswerEnd, breakwater: BreakwaterEnd): string {
    const told: OutputEvent[] = this.toBeginning();
    const stop = toStopReason(end);
    this.output.close(stop === null ? "completed" : "incomplete", (one) => told.push(one));
    const response = this.toResponse(toGoodEnd(end, breakwater));
    told.push({ type: stop === null ? "response.completed" : "response.incomplete", response });
    return this.toText(told);
  }

  fail(end: AnswerEnd, breakwater: BreakwaterEnd): string {
    const { kind, message } = toAnswerFailure(end);
    const error = { code: ERROR_CODES[kind], message };
    return this.toFailed({ status: "failed", error, usage: end.usage, breakwater });
  }

  /** The same for an answer of which no more is known than a sentence. */
  breakOff(message: string, usage: TokenUsage, breakwater: BreakwaterEnd): string {
    return this.toFailed({ status: "failed", error: { code: "server_error", message }, usage, breakwater });
  }

  crash(): string {
    return this.toFailed({
      status: "failed",
      error: { code: "server_error", message: INTERNAL_ERROR.message },
    });
  }

  toWhole(end: AnswerEnd, breakwater: BreakwaterEnd): object {
    const stop = toStopReason(end);
    this.output.close(stop === null ? "completed" : "incomplete", () => undefined);
    return this.toResponse(toGoodEnd(end, breakwater));
  }

  /** The items of an answer that has come to this end, whether that has been told or not. */
  listSaid(end: AnswerEnd): object[] {
    return this.output.listSaid(toStopReason(end) === null ? "completed" : "incomplete");
  }

  /** One that is being written, or that did not come to its end. */
  toUnfinished(end: ResponseEnd & { readonly status: "in_progress" | "failed" | "cancelled" }): object {
    this.output.breakOff();
    return this.toResponse(end);
  }

  toRefusal(end: AnswerEnd, breakwater: BreakwaterEnd): WireRefusal {
    const { status, error } = toOpenAiError(end);
    return { status, body: { error, breakwater } };
  }

  private toFailed(end: ResponseEnd): string {
    const told = this.toBeginning();
    this.output.breakOff();
    told.push({ type: "response.failed", response: this.toResponse(end) });
    return this.toText(told);
  }

  /** The two events before everything else, once. */
  private toBeginning(): OutputEvent[] {
    if (this.started) return [];
    this.started = true;
    const response = { ...this.toResponse({ status: "in_progress" }), output: [] };
    return [
      { type: "response.created", response },
      { type: "response.in_progress", response },
    ];
  }

  private toText(events: readonly OutputEvent[]): string {
    return events
      .map((event) => {
        const numbered = { ...event, sequence_number: this.sequenceNumber };
        this.sequenceNumber += 1;
        return toServerSentEvent(numbered, event.type);
      })
      .join("");
  }

  private toResponse({ status, reason, error, usage, breakwater }: ResponseEnd): object {
    const { id, createdAt, request, nowSeconds } = this.facts;
    return {
      id,
      object: "response",
      created_at: createdAt,
      ...(status === "completed" ? { completed_at: nowSeconds() } : {}),
      status,
      error: error ?? null,
      incomplete_details: reason == null ? null : { reason },
      model: this.model ?? this.facts.model,
      output: this.output.list(),
      ...toEcho(request),
      ...(usage === undefined ? {} : { usage: toUsage(usage) }),
      ...(breakwater === undefined ? {} : { breakwater }),
    };
  }
}

function toGoodEnd(end: AnswerEnd, breakwater: BreakwaterEnd): ResponseEnd {
  const reason = toStopReason(end);
  return { status: reason === null ? "completed" : "incomplete", reason, usage: end.usage, breakwater };
}

function toStopReason({ finishReason }: AnswerEnd): StopReason | null {
  if (finishReason === "length") return "max_output_tokens";
  return finishReason === "content-filter" ? "content_filter" : null;
}

/** The request's own words, which clients expect to find in the response. */
function toEcho(request: AskedWords): object {
  return {
    access_programs: null,
    background: false,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    parallel_tool_calls: true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: request.reasoning?.summary ?? null },
    store: request.store === true || request.previous_response_id != null,
    temperature: request.temperature ?? null,
    text: { format: request.text?.format ?? { type: "text" } },
    tool_choice: request.tool_choice ?? "auto",
    tools: (request.tools ?? []).map((tool) => ({
      ...tool,
      parameters: tool.parameters ?? null,
      strict: tool.strict ?? null,
    })),
    top_p: request.top_p ?? null,
    truncation: "disabled",
    ...(request.user === undefined ? {} : { user: request.user }),
  };
}

function toUsage(usage: TokenUsage): object {
  const input = usage.inputTokens ?? 0;
  const output = usage.outputTokens ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cachedInputTokens ?? 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: input + output,
  };
}
