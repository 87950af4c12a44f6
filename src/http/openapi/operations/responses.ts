/** OpenAI's Responses. */
import { ResponseRequest } from "../../../protocol/openai-responses.ts";
import { BREAKWATER_END } from "../examples.ts";
import { MODEL_CALL_HEADERS, OPENAI_LIMIT_HEADERS } from "../headers.ts";
import { toJsonAnswer, toJsonBody, type OperationDoc } from "../operation.ts";
import { MODEL_CALL_REFUSALS } from "../refusals.ts";
import { ModelCallRequestHeaders } from "../request-headers.ts";
import { ResponseEvent, ResponseObject } from "../shapes/responses-answer.ts";

const KEPT_ID = `resp_${"0".repeat(21)}k9z7w${"0".repeat(26)}`;
const CREATED = 1_764_063_000;
const RESPONSE = {
  id: "resp_01k9z7w0h8a4xv3n5c2b6d8e0f",
  object: "response",
  created_at: CREATED,
  completed_at: CREATED + 1,
  status: "completed",
  error: null,
  incomplete_details: null,
  model: "anthropic/claude-sonnet-5",
  output: [
    {
      id: "msg_01k9z7w0h8a4xv3n5c2b6d8e0f1",
      type: "message",
      role: "assistant",
      status: "completed",
      content: [
        {
          type: "output_text",
          text: "A wall in the sea that keeps a harbour calm.",
          annotations: [],
          logprobs: [],
        },
      ],
    },
  ],
  access_programs: null,
  background: false,
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: false,
  temperature: null,
  text: { format: { type: "text" } },
  tool_choice: "auto",
  tools: [],
  top_p: null,
  truncation: "disabled",
  usage: {
    input_tokens: 14,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 26,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 40,
  },
  breakwater: BREAKWATER_END,
};

export const RESPONSE_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "POST",
    path: "/v1/responses",
    id: "createResponse",
    tag: "Model calls",
    summary: "Ask on OpenAI's Responses wire",
    description: [
      "Send the whole conversation as `input`; an item of an answer of the last 24 hours may be named by an",
      "`item_reference` instead, unless its call said `store: false`. With `store: true` the response is kept as the answer",
      "of a chat, and `previous_response_id` goes on with it: send the user's next message, or the outputs of all calls",
      "that it ended with. Instructions, tools, formats and limits are for one response; the next one says its own.",
      "Tools are functions of your own; built-in ones are refused by their name.",
      "",
      "With `stream: true` every event is named by its `type`; the last one is `response.completed`,",
      "`response.incomplete` or `response.failed` and has the whole response, `breakwater` in it.",
    ].join("\n"),
    requestHeaders: ModelCallRequestHeaders,
    body: toJsonBody(ResponseRequest, {
      question: {
        summary: "A question to a class",
        value: { model: "balanced", input: "What is a breakwater?" },
      },
      stream: {
        summary: "As a stream",
        value: { model: "balanced", input: "What is a breakwater?", stream: true },
      },
      kept: {
        summary: "A question whose answer is kept",
        value: { model: "balanced", input: "What is a breakwater?", store: true },
      },
      conversation: {
        summary: "A conversation",
        value: {
          model: "balanced",
          instructions: "Answer in one sentence.",
          input: [
            { role: "user", content: "What is a breakwater?" },
            { role: "assistant", content: "A wall in the sea." },
            { role: "user", content: "What is it good for?" },
          ],
        },
      },
    }),
    answers: {
      200: {
        description: "The answer, whole or as a stream.",
        content: {
          "application/json": {
            shape: ResponseObject,
            examples: { whole: { summary: "Without a stream", value: RESPONSE } },
          },
          "text/event-stream": { shape: ResponseEvent },
        },
        headers: [...MODEL_CALL_HEADERS, ...OPENAI_LIMIT_HEADERS, "x-breakwater-session"],
      },
    },
    refusals: MODEL_CALL_REFUSALS,
  },
  {
    method: "GET",
    path: "/v1/responses/:responseId",
    id: "readResponse",
    tag: "Model calls",
    summary: "A response that was kept",
    description:
      "As it was given; `in_progress` and without output while it is being written, `failed` or `cancelled` with what there was when it did not come to its end.",
    answers: {
      200: toJsonAnswer("The response.", ResponseObject, {
        ...RESPONSE,
        id: KEPT_ID,
        store: true,
      }),
    },
  },
];
