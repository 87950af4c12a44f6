/** Kept responses that ask for more than an answer: tools of the caller's own, instructions, formats; and read again. */
import type OpenAI from "openai";
import { abortAllDurableObjects } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { SessionMessages } from "../../src/protocol/session-api.ts";
import { act, mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { createOpenAiClient } from "./sandbox-openai.ts";
import { createAdmin, createVisitor, type Visitor } from "./sandbox-people.ts";
import { Refusal } from "./sandbox-stream.ts";

const MODELS = ["openai/gpt-5.6-luna", "anthropic/claude-haiku-4-5", "google/gemini-3.5-flash-lite"];
const GOOGLE = "google/gemini-3.5-flash-lite";
const PATH = "/v1/responses";
const WEATHER = {
  type: "function" as const,
  name: "weather",
  description: null,
  parameters: { type: "object", properties: { city: { type: "string" } } },
  strict: null,
};
const QUESTION = 'What is it like there? [[tool:weather {"city":"Oslo"}]]';

let ada: Visitor;
let admin: Visitor;
let client: OpenAI;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
  client = createOpenAiClient(ada);
});
beforeEach(async () => {
  await mendProviders(admin, ["google", "openai", "anthropic"]);
});

const respond = (body: object, visitor = ada): Promise<Response> =>
  visitor.call("POST", PATH, { model: GOOGLE, ...body });
const askForCall = (model = GOOGLE) =>
  client.responses.create({ model, input: QUESTION, store: true, tools: [WEATHER] });
const findCall = ({ output }: Pick<OpenAI.Responses.Response, "output">) => {
  const call = output.find((item) => item.type === "function_call");
  if (call === undefined) throw new Error(`no call: ${JSON.stringify(output)}`);
  return call;
};
const toOutput = (callId: string, output = "Rain, 4 degrees") => ({
  type: "function_call_output" as const,
  call_id: callId,
  output,
});
async function readChat(sessionId: string): Promise<SessionMessages["messages"]> {
  const answer = await ada.call("GET", `/api/v1/sessions/${sessionId}/messages`);
  return SessionMessages.parse(await answer.json()).messages;
}

describe("tools of the caller's own", () => {
  it.each(MODELS)(
    "[HT191] [HT192] [SE91] [SE92] are called by %s, and it hears what they gave",
    async (model) => {
      const { data: asked, response } = await client.responses
        .create({ model, input: QUESTION, store: true, tools: [WEATHER] })
        .withResponse();
      const call = findCall(asked);
      expect(asked).toMatchObject({ status: "completed", tools: [{ name: "weather" }], store: true });
      expect(call).toMatchObject({ name: "weather", status: "completed" });
      expect(JSON.parse(call.arguments)).toEqual({ city: "Oslo" });
      const answer = await client.responses.create({
        model,
        input: [toOutput(call.call_id)],
        previous_response_id: asked.id,
        tools: [WEATHER],
      });
      expect(answer.output_text).toContain("Rain, 4 degrees");
      const messages = await readChat(response.headers.get("x-breakwater-session") ?? "");
      expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
      expect(messages[1]).toMatchObject({ metadata: { status: "complete", finishReason: "tool-calls" } });
      expect(messages[2]?.parts).toEqual([
        {
          type: "data-tool-output",
          data: { toolCallId: call.call_id, toolName: "weather", output: "Rain, 4 degrees" },
        },
      ]);
    },
  );

  it("[HT191] are called in a stream, whole, and no others are offered", async () => {
    const stream = client.responses.stream({ model: GOOGLE, input: QUESTION, store: true, tools: [WEATHER] });
    const types: string[] = [];
    stream.on("event", ({ type }) => types.push(type));
    const asked = await stream.finalResponse();
    expect(JSON.parse(findCall(asked).arguments)).toEqual({ city: "Oslo" });
    expect(types.filter((type) => type === "response.function_call_arguments.delta")).toHaveLength(1);
    // The chat's own calculator would have been called where the chat's own tools are offered.
    const other = await client.responses.create({
      model: GOOGLE,
      input: '[[tool:calculate {"expression":"1+1"}]]',
      store: true,
      tools: [WEATHER],
    });
    expect(other.output.map(({ type }) => type)).not.toContain("function_call");
  });

  it("[HT191] a break in a call's arguments is gone on with, and nobody sees it", async () => {
    await breakProvider("openai", { fault: "cut", afterChunks: 3 });
    const models = { models: ["openai/gpt-5.6-luna", GOOGLE] };
    const stream = client.responses.stream({ ...models, input: QUESTION, store: true, tools: [WEATHER] });
    const events: OpenAI.Responses.ResponseStreamEvent[] = [];
    stream.on("event", (event) => events.push(event));
    const asked = await stream.finalResponse();
    expect(await readJournal("openai")).toMatchObject([{ outcome: "broken" }]);
    await healSandbox();
    expect(events.at(-1)?.type).toBe("response.completed");
    expect(JSON.parse(findCall(asked).arguments)).toEqual({ city: "Oslo" });
  });

  it("[HT192] a message may come beside what they gave, and the next response knows both", async () => {
    const asked = await askForCall();
    const { call_id: id } = findCall(asked);
    const answer = await client.responses.create({
      model: GOOGLE,
      input: [toOutput(id), { role: "user", content: "Please reply with thank you" }],
      previous_response_id: asked.id,
    });
    expect(answer.output_text).toBe("thank you");
    const next = await client.responses.create({
      model: GOOGLE,
      input: "Please reply with two",
      previous_response_id: answer.id,
    });
    expect(next.output_text).toBe("two");
  });

  it("[HT192] an output that does not fit its calls is 400, nothing is stored and nobody is called", async () => {
    const asked = await askForCall();
    const { call_id: id } = findCall(asked);
    const before = await readJournal("google");
    const inputs = ["Never mind", [toOutput("call_none")], [toOutput(id), toOutput(id)]];
    for (const input of inputs) {
      const answer = await respond({ input, previous_response_id: asked.id });
      expect([answer.status, Refusal.parse(await answer.json()).error.param]).toEqual([400, "input"]);
    }
    const alone = await respond({ input: [toOutput(id)], store: true });
    expect([alone.status, Refusal.parse(await alone.json()).error.param]).toEqual([400, "input"]);
    expect(await readJournal("google")).toEqual(before);
  });

  it("[SE93] the question is told however many rounds of calls came after it", async () => {
    const question = `${"A long question. ".repeat(400)} [[tool:weather {"city":"Oslo"}]]`;
    let answer = await client.responses.create({
      model: GOOGLE,
      input: question,
      store: true,
      tools: [WEATHER],
    });
    const asked = answer.usage?.input_tokens ?? 0;
    for (let round = 0; round < 33; round += 1) {
      answer = await client.responses.create({
        model: GOOGLE,
        input: [toOutput(findCall(answer).call_id), { role: "user", content: QUESTION }],
        previous_response_id: answer.id,
        tools: [WEATHER],
      });
    }
    // Sixty messages are told; a question of a thousand tokens is still among them.
    expect(answer.usage?.input_tokens).toBeGreaterThan(asked);
  }, 30_000);

  it("[SE91] a person may go on without what they would have given", async () => {
    const { response } = await client.responses
      .create({ model: GOOGLE, input: QUESTION, store: true, tools: [WEATHER] })
      .withResponse();
    const sessionId = response.headers.get("x-breakwater-session") ?? "";
    const body = {
      id: sessionId,
      trigger: "submit-message",
      messages: [
        { id: "m-person", role: "user", parts: [{ type: "text", text: "Please reply with never mind" }] },
      ],
    };
    const answer = await ada.call("POST", "/api/chat", body);
    expect(await answer.text()).toContain("never");
  });
});

describe("settings of one response", () => {
  it("[HT190] [SE90] instructions, limits and formats are for that one, and the next says its own", async () => {
    const first = await client.responses.create({
      model: GOOGLE,
      instructions: "Be brief. ".repeat(100),
      input: [{ role: "user", content: "Please reply with one" }],
      temperature: 0.5,
      top_p: 0.9,
      reasoning: { effort: "low" },
      metadata: { ticket: "42" },
      store: true,
    });
    expect(first).toMatchObject({ output_text: "one", temperature: 0.5, metadata: { ticket: "42" } });
    const second = await client.responses.create({
      model: GOOGLE,
      input: "Please reply with two",
      previous_response_id: first.id,
    });
    expect(second.output_text).toBe("two");
    // A thousand characters of instructions are not in its prompt.
    expect(second.usage?.input_tokens).toBeLessThan((first.usage?.input_tokens ?? 0) - 100);
    const limited = await client.responses.create({
      model: GOOGLE,
      input: "[[words:60]]",
      max_output_tokens: 5,
      previous_response_id: second.id,
    });
    expect(limited).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
    });
    const shaped = await client.responses.parse({
      model: GOOGLE,
      input: "Give me a colour",
      previous_response_id: first.id,
      text: {
        format: {
          type: "json_schema",
          name: "colour",
          schema: { type: "object", properties: { name: { type: "string" } } },
        },
      },
    });
    expect(JSON.parse(shaped.output_text)).toEqual({ name: "sandbox" });
  });

  it("[HT194] outlive a crash of the chat in the middle of the answer", async () => {
    const first = await respond({ store: true, input: "Please reply with one" });
    const sessionId = first.headers.get("x-breakwater-session") ?? "";
    const { id } = z.looseObject({ id: z.string() }).parse(await first.json());
    await breakProvider("google", { fault: "hang" });
    const before = (await readJournal("google")).length;
    const lost = respond({ previous_response_id: id, input: QUESTION, tools: [WEATHER] });
    await waitUntil(
      () => readJournal("google"),
      (journal) => journal.length > before,
    );
    await abortAllDurableObjects();
    await healSandbox();
    await Promise.allSettled([lost]);
    const messages = await waitUntil(
      () => readChat(sessionId),
      (all) => all[3]?.metadata?.status === "complete",
    );
    expect(messages[3]?.parts).toContainEqual(
      expect.objectContaining({ type: "dynamic-tool", toolName: "weather", state: "input-available" }),
    );
  });
});

describe("a kept response that is read again", () => {
  it("[HT193] is as it was given, with the words that it was asked with", async () => {
    const first = await client.responses.create({
      model: GOOGLE,
      input: "Please reply with one",
      store: true,
    });
    const asked = await client.responses.create({
      model: GOOGLE,
      input: QUESTION,
      instructions: "Be brief.",
      metadata: { ticket: "42" },
      tools: [WEATHER],
      tool_choice: "auto",
      previous_response_id: first.id,
    });
    const again = await client.responses.retrieve(asked.id);
    // It was told when it ended, and what is stored says how long it took.
    expect({ ...again, completed_at: 0 }).toEqual({ ...asked, completed_at: 0 });
  });

  it("[HT193] is incomplete, failed or in progress as it stands", async () => {
    const limited = await client.responses.create({
      model: GOOGLE,
      input: "[[words:60]]",
      max_output_tokens: 5,
      store: true,
    });
    expect(await client.responses.retrieve(limited.id)).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output_text: limited.output_text,
    });
    await breakProvider("google", { fault: "cut", afterChunks: 4 });
    const stream = await client.responses.create({
      model: GOOGLE,
      input: "[[words:60]]",
      store: true,
      stream: true,
    });
    const ids: string[] = [];
    for await (const event of stream) if (event.type === "response.failed") ids.push(event.response.id);
    expect(await client.responses.retrieve(ids[0] ?? "")).toMatchObject({
      status: "failed",
      error: { code: "server_error", message: expect.stringMatching(/incomplete/) },
      breakwater: { status: "incomplete" },
    });
    await healSandbox();
    await act(admin, "google", "close", "for the test");
    const running = await client.responses.create({
      model: GOOGLE,
      input: "[[words:200]]",
      store: true,
      stream: true,
    });
    for await (const event of running) {
      if (event.type !== "response.created") continue;
      expect(await client.responses.retrieve(event.response.id)).toMatchObject({
        status: "in_progress",
        output: [],
      });
      break;
    }
  });

  it("[HT193] is not there for anybody else, and neither is one that was not kept", async () => {
    const kept = await client.responses.create({
      model: GOOGLE,
      input: "Please reply with one",
      store: true,
    });
    const unkept = await client.responses.create({ model: GOOGLE, input: "Please reply with one" });
    const stranger = await createVisitor();
    const tries: [Visitor, string][] = [
      [stranger, kept.id],
      [ada, unkept.id],
      [ada, `resp_${"0".repeat(52)}`],
      [ada, kept.id.slice(0, -1) + (kept.id.endsWith("0") ? "1" : "0")],
      [ada, "resp_nonsense"],
    ];
    for (const [visitor, id] of tries) {
      const answer = await visitor.call("GET", `${PATH}/${id}`);
      expect(answer.status).toBe(404);
      const { error } = z
        .object({ error: z.object({ code: z.string(), message: z.string() }) })
        .parse(await answer.json());
      expect(error.code).toBe("response_not_found");
      expect(error.message.replace(id, "")).toBe(
        "response_id: there is no kept response . Only responses with store: true are kept.",
      );
    }
  });
});
