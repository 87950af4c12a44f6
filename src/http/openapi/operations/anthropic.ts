/** Anthropic's Messages. */
import { CountTokensRequest, MessagesRequest } from "../../../protocol/anthropic.ts";
import { BREAKWATER_END } from "../examples.ts";
import { ANTHROPIC_LIMIT_HEADERS, MODEL_CALL_HEADERS } from "../headers.ts";
import { toJsonAnswer, toJsonBody, type OperationDoc } from "../operation.ts";
import { MODEL_CALL_REFUSALS } from "../refusals.ts";
import { ModelCallRequestHeaders } from "../request-headers.ts";
import { AnthropicMessage, MessageEvent, TokenCount } from "../shapes/anthropic-answer.ts";

const QUESTION = [{ role: "user", content: "What is a breakwater?" }];
const MESSAGE = {
  id: "msg_01k9z7w0h8a4xv3n5c2b6d8e0f",
  type: "message",
  role: "assistant",
  model: "anthropic/claude-sonnet-5",
  content: [{ type: "text", text: "A wall in the sea that keeps a harbour calm." }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: {
    input_tokens: 14,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 26,
  },
  breakwater: BREAKWATER_END,
};

export const ANTHROPIC_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "POST",
    path: "/v1/messages",
    id: "createMessage",
    tag: "Model calls",
    summary: "Ask on Anthropic's Messages wire",
    description: [
      "`model` is a class, a target, or the bare name of a model of Anthropic's that the catalog has. Whoever answers, the",
      "blocks are Anthropic's: words, thoughts, tool calls. Where Anthropic itself answers they are its own, as they came.",
      "",
      "With `stream: true` events are named by their `type`. `message_stop` comes last, after a `message_delta` that has",
      "the tokens and `breakwater`; a stream that breaks ends in the event `error` and never has `message_stop`.",
    ].join("\n"),
    requestHeaders: ModelCallRequestHeaders,
    body: toJsonBody(MessagesRequest, {
      question: {
        summary: "A question to a class",
        value: { model: "balanced", max_tokens: 1_024, messages: QUESTION },
      },
      stream: {
        summary: "As a stream",
        value: { model: "balanced", max_tokens: 1_024, messages: QUESTION, stream: true },
      },
      system: {
        summary: "With instructions and thoughts",
        value: {
          model: "reasoning",
          max_tokens: 4_096,
          system: "Answer in one sentence.",
          thinking: { type: "adaptive" },
          messages: QUESTION,
        },
      },
    }),
    answers: {
      200: {
        description: "The answer, whole or as a stream.",
        content: {
          "application/json": {
            shape: AnthropicMessage,
            examples: { whole: { summary: "Without a stream", value: MESSAGE } },
          },
          "text/event-stream": { shape: MessageEvent },
        },
        headers: ["request-id", "x-breakwater-ignored", ...MODEL_CALL_HEADERS, ...ANTHROPIC_LIMIT_HEADERS],
      },
    },
    refusals: MODEL_CALL_REFUSALS,
  },
  {
    method: "POST",
    path: "/v1/messages/count_tokens",
    id: "countTokens",
    tag: "Model calls",
    summary: "How many tokens a call would send",
    description:
      "An estimate, to be a third too high or too low: every provider cuts its own tokens. Nobody is asked.",
    body: toJsonBody(CountTokensRequest, {
      question: { summary: "A question", value: { model: "balanced", messages: QUESTION } },
    }),
    answers: { 200: toJsonAnswer("The estimate.", TokenCount, { input_tokens: 14 }, ["request-id"]) },
    refusals: [404],
  },
];
