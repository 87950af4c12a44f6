/** The AI SDK door: `useChat` over plain HTTP, on the chats of the sockets. */
import { AiSdkChatRequest } from "../../../protocol/ai-sdk-chat.ts";
import { AnswerChunk } from "../../../protocol/answer-chunk.ts";
import { SessionStopped } from "../../../protocol/session-api.ts";
import type { ResponseHeaderName } from "../headers.ts";
import { toJsonAnswer, toJsonBody, type AnswerDoc, type OperationDoc } from "../operation.ts";
import { ChatQuestionHeaders } from "../request-headers.ts";

const STREAM_HEADERS: readonly ResponseHeaderName[] = [
  "x-breakwater-session",
  "x-breakwater-provider",
  "x-breakwater-model",
  "x-breakwater-attempts",
  "x-vercel-ai-ui-message-stream",
];
const STREAM: AnswerDoc = {
  description: "The answer as AI SDK's UI message stream; a good one ends in `data: [DONE]`.",
  content: { "text/event-stream": { shape: AnswerChunk } },
  headers: STREAM_HEADERS,
};

export const AI_SDK_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "POST",
    path: "/api/chat",
    id: "askChat",
    tag: "Chats",
    summary: "Ask in a chat, as AI SDK's useChat does",
    description: [
      "What `DefaultChatTransport` of AI SDK 7 sends. `id` is a chat of ours, or a name of your own: the first question",
      "makes the chat, and `x-breakwater-session` says which one it is. Only the newest message is taken, since the chat",
      "knows the others. Whoever stops reading stops nothing: `GET …/stream` goes on, `POST …/stop` ends it. A tool call",
      "that wants a person's word ends the stream; the words come in the answer that is sent back.",
    ].join("\n"),
    requestHeaders: ChatQuestionHeaders,
    body: toJsonBody(AiSdkChatRequest, {
      question: {
        summary: "A question",
        value: {
          id: "my-first-chat",
          model: "balanced",
          messages: [
            { id: "question-1", role: "user", parts: [{ type: "text", text: "What is a breakwater?" }] },
          ],
        },
      },
      again: {
        summary: "Another answer to the last question",
        value: {
          id: "my-first-chat",
          trigger: "regenerate-message",
          model: "frontier",
          messages: [{ role: "user" }],
        },
      },
      word: {
        summary: "A word on a tool call",
        value: {
          id: "my-first-chat",
          messageId: "msg_01K0EXAMPLE0000000000000000",
          messages: [
            {
              id: "msg_01K0EXAMPLE0000000000000000",
              role: "assistant",
              parts: [
                {
                  type: "dynamic-tool",
                  toolName: "docs__search",
                  toolCallId: "call-1",
                  state: "approval-responded",
                  input: {},
                  approval: { id: "appr_01K0EXAMPLE0000000000000000", approved: true },
                },
              ],
            },
          ],
        },
      },
    }),
    answers: { 200: STREAM },
    refusals: [404, 409, 429, 503],
  },
  {
    method: "GET",
    path: "/api/chat/:chatId/stream",
    id: "resumeChat",
    tag: "Chats",
    summary: "The answer that is being written, from its beginning",
    description:
      "So is one that has ended, for a quarter of an hour, where its reader was cut off before the end and nothing was asked since.",
    answers: {
      200: STREAM,
      204: {
        description: "Nothing is being written, and nobody was cut off.",
        headers: ["x-breakwater-session"],
      },
    },
    refusals: [503],
  },
  {
    method: "POST",
    path: "/api/chat/:chatId/stop",
    id: "stopChat",
    tag: "Chats",
    summary: "End the answer and take back what waits",
    answers: {
      200: toJsonAnswer("Whether there was anything to stop.", SessionStopped, { stopped: true }, [
        "x-breakwater-session",
      ]),
    },
  },
];
