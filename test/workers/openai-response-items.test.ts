/** Items of responses that later calls name: AI SDK's OpenAI provider, unmodified, and the wire itself. In workerd. */
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, stepCountIs, streamText, tool, type ModelMessage } from "ai";
import { env, exports } from "cloudflare:workers";
import type OpenAI from "openai";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createResponseItemStore } from "../../src/http/openai/responses/items/store.ts";
import { removeExpiredRows, ROWS_AT_ONCE } from "../../src/remove-expired-rows.ts";
import { database } from "./http-services.ts";
import { breakProvider, healSandbox, readJournal } from "./sandbox-control.ts";
import { collectLog } from "./sandbox-log.ts";
import { createOpenAiClient } from "./sandbox-openai.ts";
import { createVisitor, ORIGIN, type Visitor } from "./sandbox-people.ts";
import { Refusal } from "./sandbox-stream.ts";

const OPENAI = "openai/gpt-6-luna";
const WIRES = [
  OPENAI,
  "google/gemini-3.5-flash-lite",
  "anthropic/claude-haiku-4-5",
  "deepseek/deepseek-v4-flash",
];
const QUESTION = 'What is it like there? [[tool:weather {"city":"Oslo"}]]';
const GIVEN = "Oslo: Rain, 4 degrees";
const TOOLS = {
  weather: tool({
    inputSchema: jsonSchema<{ city: string }>({ type: "object", properties: { city: { type: "string" } } }),
    execute: ({ city }) => `${city}: Rain, 4 degrees`,
  }),
};

type Person = Visitor & { readonly organizationId: string };
let ada: Person;
let mallory: Person;
/** The bodies that AI SDK has sent, oldest first. */
let sent: string[] = [];
beforeAll(async () => {
  [ada, mallory] = await Promise.all([createVisitor(), createVisitor()]);
  // The first call of an isolate loads what the later ones find loaded.
  await give({ input: "Hello?" });
});
beforeEach(async () => {
  sent = [];
  await healSandbox();
  await env.DB.prepare("delete from response_items").run();
});

const keyOf = (who: Visitor): string => who.credentials["authorization"]?.slice("Bearer ".length) ?? "";
const provider = () =>
  createOpenAI({
    baseURL: `${ORIGIN}/v1`,
    apiKey: keyOf(ada),
    fetch: (url, init) => {
      sent.push(typeof init?.body === "string" ? init.body : "");
      return exports.default.fetch(new Request(url, init));
    },
  });

const Answer = z.looseObject({
  id: z.string(),
  status: z.string(),
  output: z.array(z.looseObject({ id: z.string(), type: z.string() })),
});
async function give(body: object, who: Visitor = ada): Promise<z.infer<typeof Answer>> {
  const answer = await who.call("POST", "/v1/responses", { model: OPENAI, ...body });
  expect(answer.status).toBe(200);
  return Answer.parse(await answer.json());
}
const countNamed = (body: string): number => body.match(/"item_reference"/gu)?.length ?? 0;
const nameItem = (id: string) => ({ type: "item_reference", id });
const say = (content: string) => ({ role: "user", content });
async function refuseNamed(id: string, who: Visitor = ada): Promise<z.infer<typeof Refusal>["error"]> {
  const input = [say("Hello"), nameItem(id), say("Please reply with one")];
  const answer = await who.call("POST", "/v1/responses", { model: OPENAI, input });
  expect(answer.status).toBe(400);
  return Refusal.parse(await answer.json()).error;
}
const readRows = async (): Promise<readonly { organization_id: string; items: string }[]> =>
  (await env.DB.prepare("select * from response_items").all<{ organization_id: string; items: string }>())
    .results;

describe("AI SDK's OpenAI provider, as it is when it is told nothing else", () => {
  it.each(WIRES.flatMap((model) => [[model, "generateText"] as const, [model, "streamText"] as const]))(
    "[HT174] [HT197] goes through two steps of tools of %s behind an answer: %s",
    async (name, how) => {
      const model = provider()(name);
      const messages: ModelMessage[] = [{ role: "user", content: "Please reply with one" }];
      messages.push(...(await generateText({ model, messages })).finalStep.response.messages);
      messages.push({ role: "user", content: QUESTION });
      const asked = { model, messages, tools: TOOLS, stopWhen: stepCountIs(3) };
      const told = how === "generateText" ? await generateText(asked) : streamText(asked);
      expect(await told.text).toContain(GIVEN);
      expect(await told.steps).toHaveLength(2);
      expect(sent.map(countNamed)).toEqual([0, 1, 1]);
    },
  );

  it.each(["generateText", "streamText"] as const)(
    "[HT106] [HT197] names the thoughts before a call at the next step: %s",
    async (how) => {
      const model = provider()("deepseek/deepseek-v4-pro");
      const asked = { model, prompt: QUESTION, tools: TOOLS, stopWhen: stepCountIs(3) };
      const text = how === "generateText" ? (await generateText(asked)).text : await streamText(asked).text;
      expect(text).toContain(GIVEN);
      expect(sent.map(countNamed)).toEqual([0, 1]);
      for (const { items } of await readRows()) expect(items).not.toContain("summary_text");
    },
  );
});

describe("what is kept of a response", () => {
  it("[HT196] is one row with all its items, there before a stream ends", async () => {
    const client: OpenAI = createOpenAiClient(ada);
    const stream = await client.responses.create({
      model: OPENAI,
      input: "Please reply with one",
      stream: true,
    });
    let rowsAtEnd = 0;
    let id = "";
    for await (const event of stream) {
      if (event.type !== "response.completed") continue;
      rowsAtEnd = (await readRows()).length;
      id = event.response.output[0]?.id ?? "";
    }
    expect(rowsAtEnd).toBe(1);
    const [row] = await readRows();
    expect(row?.organization_id).toBe(ada.organizationId);
    expect(JSON.parse(row?.items ?? "")).toMatchObject([
      { id, type: "message", status: "completed", content: [{ text: "one" }] },
    ]);
  });

  it("[HT196] of one that a limit ended is what there is of it", async () => {
    const { status, output } = await give({ input: "[[words:60]]", max_output_tokens: 5 });
    expect(status).toBe("incomplete");
    const input = [say("Hello"), nameItem(output[0]?.id ?? ""), say("Please reply with two")];
    expect((await give({ input })).output).toMatchObject([{ content: [{ text: "two" }] }]);
  });

  it("[HT196] is nothing with store: false, nor of one that broke", async () => {
    const { output } = await give({ input: "Please reply with one", store: false });
    expect(await readRows()).toEqual([]);
    expect((await refuseNamed(output[0]?.id ?? "")).param).toBe("input.1");
    await breakProvider("google", { fault: "cut", afterChunks: 4 });
    const body = { model: WIRES[1], input: "[[words:60]]", stream: true };
    const broken = await (await ada.call("POST", "/v1/responses", body)).text();
    expect(broken).toContain("response.failed");
    expect(await readRows()).toEqual([]);
  });

  it("[HT196] of a response with store: true can be named by a call without it", async () => {
    const { output } = await give({ input: "Please reply with one", store: true });
    const input = [say("Hello"), nameItem(output[0]?.id ?? ""), say("Please reply with two")];
    expect((await give({ input })).output).toMatchObject([{ content: [{ text: "two" }] }]);
    const answer = await ada.call("POST", "/v1/responses", { model: OPENAI, input, store: true });
    expect([answer.status, Refusal.parse(await answer.json()).error.param]).toEqual([400, "input.1"]);
  });

  it("[HT196] that cannot be written is a line in the log, and the answer is given", async () => {
    await env.DB.prepare("alter table response_items rename to response_items_away").run();
    try {
      const lines = await collectLog("background_failed", () => give({ input: "Please reply with one" }));
      expect(lines).toMatchObject([{ task: "response-items-save" }]);
    } finally {
      await env.DB.prepare("alter table response_items_away rename to response_items").run();
    }
  });
});

describe("an item that is not there", () => {
  it("[HT197] is 400 with its place and its id, whoever's it is, and nobody is called", async () => {
    const { output } = await give({ input: "Please reply with secret" });
    const id = output[0]?.id ?? "";
    await healSandbox();
    const foreign = await refuseNamed(id, mallory);
    expect(foreign).toMatchObject({ type: "invalid_request_error", param: "input.1" });
    expect(foreign.message).toContain(id);
    expect(foreign.message).toContain("store: false");
    const never = `msg_${"0".repeat(26)}1`;
    expect((await refuseNamed(never)).message.replace(never, id)).toBe(foreign.message);
    for (const odd of ["msg_1", "x", "' or 1=1 --", `${id}1`])
      expect((await refuseNamed(odd)).param).toBe("input.1");
    expect(await readJournal()).toEqual([]);
  });

  it("[HT197] [HT198] is one whose day is over, which is removed by the minute", async () => {
    const { output } = await give({ input: "Please reply with one" });
    const [row] = await readRows();
    expect(row).toMatchObject({ expires_at_ms: expect.any(Number) });
    const day = z.looseObject({ created_at_ms: z.number(), expires_at_ms: z.number() }).parse(row);
    expect(day.expires_at_ms - day.created_at_ms).toBe(86_400_000);
    await env.DB.prepare("update response_items set expires_at_ms = 1").run();
    expect((await refuseNamed(output[0]?.id ?? "")).param).toBe("input.1");
    const fill = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ROWS_AT_ONCE + 50})`;
    await env.DB.prepare(
      `${fill} insert into response_items select 'org', 's' || i, '[]', 1, i + 1, i from n`,
    ).run();
    await removeExpiredRows(database, ROWS_AT_ONCE + 11);
    expect(await readRows()).toHaveLength(40);
  });
});

describe("the store", () => {
  const store = createResponseItemStore(database);
  const save = (organizationId: string, stem: string, bytes = 2) =>
    store.save({ organizationId, stem, items: "[]", bytes, createdAtMs: 10, expiresAtMs: 100 });
  const find = (organizationId: string, stems: string[], nowMs = 50, maxBytes = 100) =>
    store.find({ organizationId, stems, nowMs, maxBytes });

  it("[HT197] finds rows of the organization that asks, as long as they live and are not too much", async () => {
    await Promise.all([save("org_a", "s1"), save("org_a", "s2"), save("org_b", "s3")]);
    expect(await find("org_a", ["s1", "s2", "s3", "s4"])).toEqual(["[]", "[]"]);
    expect(await find("org_b", ["s1", "s2"])).toEqual([]);
    expect(await find("org_a", ["s1"], 100)).toEqual([]);
    expect(await find("org_a", ["s1", "s2"], 50, 3)).toBeNull();
    expect(await find("org_a", ["s1"], 50, 3)).toEqual(["[]"]);
  });

  it("[HT198] makes room of an organization's oldest, and of nobody else's", async () => {
    await save("org_small", "s");
    for (let index = 0; index < 11; index += 1) await save("org_full", `s${index}`, 10_000_000);
    expect(await find("org_small", ["s"])).toEqual(["[]"]);
    expect([await find("org_full", ["s0"]), await find("org_full", ["s1"])]).toEqual([[], ["[]"]]);
  });
});
