/** Ids of tool calls come back at the doors as they were handed out. */
import { describe, expect, it } from "vitest";
import { toModelCall as toMessagesCall } from "../../../src/http/anthropic/to-model-call.ts";
import { toKeptQuestion } from "../../../src/http/openai/responses/kept-question.ts";
import { toResponseCall } from "../../../src/http/openai/responses/to-response-call.ts";
import { toModelCall } from "../../../src/http/openai/to-model-call.ts";
import { MessagesRequest } from "../../../src/protocol/anthropic.ts";
import { ResponseRequest } from "../../../src/protocol/openai-responses.ts";
import { ChatCompletionRequest } from "../../../src/protocol/openai.ts";
import { MAX_TOOL_CALL_ID_CHARACTERS } from "../../../src/protocol/tool-call-id.ts";
import { OpenAiChatScanner } from "../../../src/providers/openai-chat-scanner.ts";
import { readToolWords } from "../../../src/session/tools/tool-words.ts";

const LONGEST = `call_1__thought__${"A+/=".repeat(5_000)}`.slice(0, MAX_TOOL_CALL_ID_CHARACTERS);

function handOut(id: string): string | null {
  const part = { index: 0, id, function: { name: "weather", arguments: "{}" } };
  const event = { choices: [{ delta: { tool_calls: [part] } }] };
  const [start] = new OpenAiChatScanner().feed(`data: ${JSON.stringify(event)}\n\n`);
  return start?.type === "tool-input-start" ? start.toolCallId : null;
}

const chatBody = (id: string) => ({
  messages: [
    {
      role: "assistant",
      tool_calls: [{ id, type: "function", function: { name: "weather", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: id, content: "Rain" },
  ],
});
const responseBody = (id: string) => ({
  input: [
    { type: "function_call", call_id: id, name: "weather", arguments: "{}" },
    { type: "function_call_output", call_id: id, output: "Rain" },
  ],
});
const keptBody = (id: string) => ({
  previous_response_id: "resp_1",
  input: [{ type: "function_call_output", call_id: id, output: "Rain" }],
});
const messagesBody = (id: string) => ({
  max_tokens: 9,
  messages: [
    { role: "assistant", content: [{ type: "tool_use", id, name: "weather", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "Rain" }] },
  ],
});

describe("the id of a tool call", () => {
  it("[HT199] is handed out and taken on every wire up to the same length", () => {
    expect(LONGEST).toHaveLength(16_384);
    expect(handOut(LONGEST)).toBe(LONGEST);
    for (const call of [
      toModelCall(ChatCompletionRequest.parse(chatBody(LONGEST))),
      toResponseCall(ResponseRequest.parse(responseBody(LONGEST))),
      toMessagesCall(MessagesRequest.parse(messagesBody(LONGEST))),
    ]) {
      expect(call).toMatchObject({
        value: {
          prompt: [{ content: [{ toolCallId: LONGEST }] }, { content: [{ toolCallId: LONGEST }] }],
        },
      });
    }
  });

  it("[HT199] is taken for a kept response, and in the copy of an answer with words on its calls", () => {
    expect(toKeptQuestion(ResponseRequest.parse(keptBody(LONGEST)))).toMatchObject({
      value: { outputs: [{ call_id: LONGEST }] },
    });
    const call = {
      type: "dynamic-tool",
      toolCallId: LONGEST,
      state: "approval-responded",
      approval: { id: "appr_1", approved: true },
    };
    const messages = [{ id: "msg_1", role: "assistant" as const, parts: [call] }];
    expect(readToolWords({ trigger: "submit-message", messages })?.words).toEqual(
      new Map([["appr_1", true]]),
    );
  });

  it("[HT199] that is longer is neither handed out nor taken", () => {
    const longer = `${LONGEST}A`;
    expect(handOut(longer)).toBe("call_0");
    expect(ChatCompletionRequest.safeParse(chatBody(longer)).success).toBe(false);
    expect(ResponseRequest.safeParse(responseBody(longer)).success).toBe(false);
    expect(ResponseRequest.safeParse(keptBody(longer)).success).toBe(false);
    expect(MessagesRequest.safeParse(messagesBody(longer)).success).toBe(false);
  });
});
