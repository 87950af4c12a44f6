/** What a kept response may be asked with. That its chat is asked so is in test/workers/openai-responses-kept.test.ts. */
import { expect, it } from "vitest";
import { toKeptQuestion } from "../../../../src/http/openai/responses/kept-question.ts";
import { ResponseRequest } from "../../../../src/protocol/openai-responses.ts";

const askWith = (more: object) =>
  toKeptQuestion(ResponseRequest.parse({ model: "fast", input: "Hello?", store: true, ...more }));
const TOOL = { type: "function", name: "look", parameters: { type: "object", properties: {} } };

it.each([
  ["none", "tool_choice: without tools of your own it would have no effect; leave it out."],
  ["required", "tool_choice: there are no tools to choose from."],
  [{ type: "function", name: "look" }, "tool_choice: there are no tools to choose from."],
])("[HT112] [HT323] tool_choice %j without tools is refused", (tool_choice, message) => {
  expect(askWith({ tool_choice })).toMatchObject({ ok: false, error: { param: "tool_choice", message } });
});

it("[HT112] tool_choice auto without tools is what happens anyway, and is taken", () => {
  expect(askWith({ tool_choice: "auto" })).toMatchObject({ ok: true, value: { settings: null } });
});

it("[HT323] a tool that is not offered is refused in the words of every wire", () => {
  const choice = { type: "function", name: "send" };
  expect(askWith({ tools: [TOOL], tool_choice: choice })).toMatchObject({
    error: { message: "tool_choice: there is no tool send." },
  });
  expect(askWith({ tools: [TOOL], tool_choice: "none" })).toMatchObject({
    value: { settings: { toolChoice: { type: "none" } } },
  });
});
