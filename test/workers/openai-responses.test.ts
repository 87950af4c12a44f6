/** `/v1/responses` and `/v1/models/{id}` in workerd, by their wire. Answers come from the sandbox. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { SelectionList } from "../../src/protocol/selection.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createVisitor, Visitor } from "./sandbox-people.ts";
import { Refusal } from "./sandbox-stream.ts";

const PATH = "/v1/responses";
const OPENAI = "openai/gpt-6-luna";
const GOOGLE = "google/gemini-3.5-flash-lite";

const ResponseBody = z.looseObject({
  id: z.string(),
  status: z.string(),
  model: z.string(),
  output: z.array(z.looseObject({ type: z.string() })),
  breakwater: z.looseObject({ status: z.string(), selectionId: z.string() }),
});

let ada: Visitor;
beforeAll(async () => {
  ada = await createVisitor();
});
beforeEach(() => healSandbox());

const respond = (body: object, headers: Record<string, string> = {}): Promise<Response> =>
  ada.call("POST", PATH, body, headers);
const ask = (input: unknown, more: object = {}): Promise<Response> =>
  respond({ model: OPENAI, input, ...more });

describe("a response", () => {
  it("[HT103] is whole, names who gave it, and is on record", async () => {
    const answer = await ask("Please reply with fine weather");
    expect(answer.status).toBe(200);
    const body = ResponseBody.parse(await answer.json());
    expect(body).toMatchObject({
      id: expect.stringMatching(/^resp_/),
      object: "response",
      status: "completed",
      model: OPENAI,
      output: [{ type: "message", content: [{ type: "output_text", text: "fine weather" }] }],
      breakwater: { status: "complete", attempts: 1, legs: [{ provider: "openai" }] },
    });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-breakwater-provider": "openai",
      "x-breakwater-attempts": "1",
    });
    const read = async () =>
      SelectionList.parse(await (await ada.call("GET", "/api/v1/selections")).json()).selections.find(
        ({ id }) => id === body.breakwater.selectionId,
      );
    expect(await waitUntil(read, (found) => found !== undefined)).toMatchObject({
      status: "complete",
      provider: "openai",
    });
  });

  it("[HT100] carries instructions, images, limits and formats to the provider", async () => {
    const seen = await respond({
      model: "anthropic/claude-haiku-4-5",
      instructions: "Be brief.",
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "What is this? [[words:80]]" },
            { type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=" },
          ],
        },
      ],
      max_output_tokens: 20,
      temperature: 0,
    });
    expect(ResponseBody.parse(await seen.json())).toMatchObject({ status: "incomplete" });
    const formatted = await ask("Give me a colour", {
      model: GOOGLE,
      text: { format: { type: "json_object" } },
    });
    const [message] = ResponseBody.parse(await formatted.json()).output;
    const Message = z.looseObject({ content: z.tuple([z.looseObject({ text: z.string() })]) });
    expect(() => void JSON.parse(Message.parse(message).content[0].text)).not.toThrow();
  });

  it("[HT108] starts over where it broke, and goes on in a stream", async () => {
    await breakProvider("google", { fault: "cut", afterChunks: 6, times: 1 });
    const whole = await respond({ models: [GOOGLE, OPENAI], input: "[[words:60]]" });
    expect(ResponseBody.parse(await whole.json()).breakwater).toMatchObject({
      status: "complete",
      attempts: 2,
    });
    await breakProvider("google", { fault: "cut", afterChunks: 6, times: 1 });
    const stream = await respond({ models: [GOOGLE, OPENAI], input: "[[words:60]]", stream: true });
    const events = (await stream.text()).trimEnd().split("\n\n");
    expect(events.at(-1)).toMatch(/^event: response\.completed\n/);
    expect(events.filter((event) => event.startsWith("event: response.output_item.added"))).toHaveLength(1);
  });

  it("[HT104] never says [DONE]", async () => {
    const stream = await ask("Please reply with one", { stream: true });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    expect(await stream.text()).not.toContain("[DONE]");
  });
});

describe("refusals", () => {
  const user = { role: "user", content: "Hello?" };
  it.each([
    ["tools.0.type", { tools: [{ type: "web_search" }] }, /web_search/],
    ["tools.0.name", { tools: [{ type: "function", name: "no spaces" }] }, /tools\.0\.name/],
    ["tool_choice.type", { tool_choice: { type: "file_search" } }, /tool_choice\.type/],
    ["include.0", { include: ["reasoning.encrypted_content"] }, /include/],
    ["truncation", { truncation: "auto" }, /truncation/],
    ["background", { background: true }, /background/],
    ["conversation", { conversation: "conv_1" }, /conversation/],
    ["prompt", { prompt: { id: "pmpt_1" } }, /prompt/],
    ["text.verbosity", { text: { verbosity: "low" } }, /text\.verbosity/],
    ["reasoning.summary", { reasoning: { summary: "detailed" } }, /reasoning\.summary/],
    ["reasoning.effort", { reasoning: { effort: "xhigh" } }, /reasoning\.effort/],
    ["parallel_tool_calls", { parallel_tool_calls: false }, /parallel_tool_calls/],
    ["temperature", { temperature: 3 }, /temperature/],
    ["input", { input: [] }, /input/],
    ["input", { input: "" }, /input/],
    ["input.1.type", { input: [user, { type: "computer_call" }] }, /computer_call/],
    [
      "input.0.content.0.type",
      { input: [{ role: "user", content: [{ type: "input_file", file_id: "f" }] }] },
      /input_file/,
    ],
    ["input.0.role", { input: [{ role: "wizard", content: "Abracadabra" }] }, /input\.0\.role/],
    ["input.0.surprise", { input: [{ ...user, surprise: 1 }] }, /surprise/],
  ])("[HT101] %s is refused by name, and nobody is called", async (param, more, sentence) => {
    const answer = await ask("Hello?", more);
    expect(answer.status).toBe(400);
    const { error } = Refusal.parse(await answer.json());
    expect(error).toMatchObject({ type: "invalid_request_error", param });
    expect(error.message).toMatch(sentence);
    expect(await readJournal("openai")).toEqual([]);
  });

  it("[HT102] an item that cannot be one is refused with its place", async () => {
    const answer = await ask([user, { type: "function_call_output", call_id: "c1", output: "x" }]);
    expect(answer.status).toBe(400);
    expect(Refusal.parse(await answer.json()).error.param).toBe("input.1");
  });

  it("[HT57] without a key, and too large, there is OpenAI's error object", async () => {
    const stranger = await new Visitor({}).call("POST", PATH, { model: OPENAI, input: "Hello?" });
    expect([stranger.status, Refusal.parse(await stranger.json()).error.code]).toEqual([
      401,
      "invalid_api_key",
    ]);
    const large = await ask("x".repeat(8 * 1_048_576));
    expect([large.status, Refusal.parse(await large.json()).error.code]).toEqual([413, "request_too_large"]);
    expect(await readJournal("openai")).toEqual([]);
  });

  it("[HT101] before the first word have a status, and what ended it", async () => {
    const late = await respond(
      { models: [GOOGLE], input: "Hello?", stream: true },
      { "x-breakwater-timeout-ms": "0" },
    );
    expect([late.status, Refusal.parse(await late.json()).error.param]).toEqual([
      400,
      "x-breakwater-timeout-ms",
    ]);
  });
});

describe("one model", () => {
  it.each(["balanced", OPENAI, encodeURIComponent(OPENAI)])(
    "[HT125] %s is as the list has it",
    async (name) => {
      const List = z.object({ data: z.array(z.looseObject({ id: z.string() })) });
      const { data } = List.parse(await (await ada.call("GET", "/v1/models")).json());
      const answer = await ada.call("GET", `/v1/models/${name}`);
      expect(await answer.json()).toEqual(data.find(({ id }) => id === decodeURIComponent(name)));
    },
  );

  it.each(["nothing", "nobody/gpt-6", "openai/no-such-model", "openai/", "a%20b"])(
    "[HT126] %s is 404, and it says what can be asked for",
    async (name) => {
      const answer = await ada.call("GET", `/v1/models/${name}`);
      expect(answer.status).toBe(404);
      const { error } = Refusal.parse(await answer.json());
      expect(error).toMatchObject({ code: "model_not_found", param: "model" });
      expect(error.message).toMatch(/ask/iu);
    },
  );
});
