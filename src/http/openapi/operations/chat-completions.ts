/** OpenAI's Chat Completions. */
import { ChatCompletionRequest } from "../../../protocol/openai.ts";
import { BREAKWATER_END } from "../examples.ts";
import { MODEL_CALL_HEADERS, OPENAI_LIMIT_HEADERS } from "../headers.ts";
import { toJsonBody, type OperationDoc } from "../operation.ts";
import { MODEL_CALL_REFUSALS } from "../refusals.ts";
import { ModelCallRequestHeaders } from "../request-headers.ts";
import { ChatCompletion, ChatCompletionEvent } from "../shapes/openai-answer.ts";

const QUESTION = [{ role: "user", content: "What is a breakwater?" }];
const CREATED = 1_764_063_000;
const COMPLETION = {
  id: "chatcmpl_01k9z7w0h8a4xv3n5c2b6d8e0f",
  object: "chat.completion",
  created: CREATED,
  model: "anthropic/claude-sonnet-5",
  choices: [
    {
      index: 0,
      message: {
        role: "assistant",
        content: "A wall in the sea that keeps a harbour calm.",
        refusal: null,
      },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage: {
    prompt_tokens: 14,
    completion_tokens: 26,
    total_tokens: 40,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  },
  breakwater: BREAKWATER_END,
};

const BODY = toJsonBody(ChatCompletionRequest, {
  question: { summary: "A question to a class", value: { model: "balanced", messages: QUESTION } },
  stream: {
    summary: "As a stream, with the tokens at its end",
    value: {
      model: "balanced",
      messages: QUESTION,
      stream: true,
      stream_options: { include_usage: true },
    },
  },
  list: {
    summary: "A list of your own, tried in turn",
    value: { models: ["anthropic/claude-sonnet-5", "fast"], messages: QUESTION },
  },
  tools: {
    summary: "With a tool",
    value: {
      model: "balanced",
      messages: [{ role: "user", content: "How high is the tide in Rotterdam?" }],
      tools: [
        {
          type: "function",
          function: {
            name: "read_tide",
            parameters: {
              type: "object",
              properties: { harbour: { type: "string" } },
              required: ["harbour"],
            },
          },
        },
      ],
    },
  },
});

export const CHAT_COMPLETION_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "POST",
    path: "/v1/chat/completions",
    id: "createChatCompletion",
    tag: "Model calls",
    summary: "Ask on OpenAI's Chat Completions wire",
    description: [
      "`model` is a class (`fast`, `balanced`, `frontier`, `reasoning`) or a target `provider/model-id`; `models` is an",
      "ordered list of them instead. A field that is unknown, or that cannot be carried to every provider, is refused by",
      "its name, so that nothing seems to take effect which does not.",
      "",
      "With `stream: true` the answer is an event stream of chunks that ends in `data: [DONE]`. A stream that breaks ends",
      "in an `error` event and never says `[DONE]`. The last object has `breakwater`: how it ended, who gave which part,",
      "what it cost. Fields that only this wire has (`logprobs`, `verbosity` …) reach targets on this wire alone.",
    ].join("\n"),
    requestHeaders: ModelCallRequestHeaders,
    body: BODY,
    answers: {
      200: {
        description: "The answer, whole or as a stream.",
        content: {
          "application/json": {
            shape: ChatCompletion,
            examples: { whole: { summary: "Without a stream", value: COMPLETION } },
          },
          "text/event-stream": { shape: ChatCompletionEvent },
        },
        headers: [...MODEL_CALL_HEADERS, ...OPENAI_LIMIT_HEADERS],
      },
    },
    refusals: MODEL_CALL_REFUSALS,
  },
];
