/** What is said about the body of a model call that has another shape. */
import { describe, expect, it } from "vitest";
import { parseCall, toBodyMistake } from "../../../../src/http/door/read-call-body.ts";
import { MessagesRequest } from "../../../../src/protocol/anthropic.ts";
import { ResponseRequest } from "../../../../src/protocol/openai-responses.ts";
import { ChatCompletionRequest } from "../../../../src/protocol/openai.ts";

const HELLO = { messages: [{ role: "user", content: "Hello" }] };

function refuse(body: object): string {
  const { error } = ChatCompletionRequest.safeParse(body);
  if (error === undefined) throw new Error("the body was taken");
  return toBodyMistake(error).message;
}

describe("a field that is null", () => {
  const nothing = { tools: null, tool_choice: null, user: null, functions: null, stream: null };

  it("[HT351] was left out, on every wire, whether it is known here or not", () => {
    expect(parseCall(ChatCompletionRequest, { ...HELLO, ...nothing, response_format: null })).toEqual({
      ok: true,
      value: HELLO,
    });
    expect(parseCall(ResponseRequest, { input: "Hello", ...nothing, text: null })).toEqual({
      ok: true,
      value: { input: "Hello" },
    });
    const message = { ...HELLO, max_tokens: 9 };
    expect(parseCall(MessagesRequest, { ...message, ...nothing, system: null, thinking: null })).toEqual({
      ok: true,
      value: message,
    });
  });

  it("[HT351] is missing where there must be one, and a body is still an object", () => {
    expect(parseCall(MessagesRequest, { ...HELLO, max_tokens: null })).toMatchObject({
      ok: false,
      error: { param: "max_tokens" },
    });
    for (const body of [null, [], "x"]) expect(parseCall(ChatCompletionRequest, body).ok).toBe(false);
  });
});

describe("a value that no shape of its field fits", () => {
  it.each([
    [{ ...HELLO, stop: ["a", "b", "c", "d", "e"] }, /^stop: Too big: expected array to have <=4 items\.$/],
    [{ ...HELLO, stop: 5 }, /^stop: .*expected string, .*expected array/],
    [{ messages: [{ role: "user", content: null }] }, /^messages\.0\.content: .*string.*array/],
    [{ ...HELLO, tool_choice: "any" }, /^tool_choice: .*"none"\|"auto"\|"required".*object/],
  ])("[HT324] is refused with what the field takes: %j", (body, sentence) => {
    expect(refuse(body)).toMatch(sentence);
  });

  it("[HT324] is refused in the shape that it fits furthest, as before", () => {
    const content = [{ type: "text", text: "x", cache_control: {} }];
    expect(refuse({ messages: [{ role: "user", content }] })).toMatch(
      /^messages\.0\.content\.0\.cache_control: is not known here/,
    );
  });

  it("[HT324] keeps the words of a shape that is told apart by a field", () => {
    const { error } = ResponseRequest.safeParse({ model: "fast", input: [{ type: "computer_call" }] });
    if (error === undefined) throw new Error("the body was taken");
    expect(toBodyMistake(error)).toMatchObject({
      param: "input.0.type",
      message: expect.stringContaining("computer_call"),
    });
  });

  it.each([
    [
      [{ role: "user", content: [{ type: "file", file: {} }] }],
      "content.0.type",
      /file is not possible here; send/,
    ],
    [[{ role: "user", content: [{ type: "input_audio" }] }], "content.0.type", /text or image_url/],
    [[{ role: "function", name: "f", content: "x" }], "role", /developer, user, assistant or tool/],
  ])("[HT352] of a message says what could be sent: %j", (messages, place, sentence) => {
    const { error } = ChatCompletionRequest.safeParse({ messages });
    if (error === undefined) throw new Error("the body was taken");
    const { param, message } = toBodyMistake(error);
    expect(param).toBe(`messages.0.${place}`);
    expect(message).toMatch(sentence);
  });
});
