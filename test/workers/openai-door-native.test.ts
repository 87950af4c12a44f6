/** OpenAI's door in front of targets on OpenAI's own wire, in workerd: what is passed on, and to whom. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, readJournal } from "./sandbox-control.ts";
import { createAdmin, createVisitor, type Visitor } from "./sandbox-people.ts";
import { Completion, readStream, Refusal, textOf } from "./sandbox-stream.ts";

const OPENAI = "openai/gpt-6-sol";
const GOOGLE = "google/gemini-3.5-flash-lite";
const QUESTION = "[[words:60]]";
const LONG = [{ role: "user", content: "[[words:400]]" }];

let ada: Visitor;
let admin: Visitor;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
});
beforeEach(async () => {
  await mendProviders(admin, ["openai", "deepseek", "google"]);
});

const ask = (more: object): Promise<Response> =>
  ada.call("POST", "/v1/chat/completions", { messages: [{ role: "user", content: QUESTION }], ...more });

it("[HT170] [HT172] a stream and a whole answer have the provider's words under our names", async () => {
  const { chunks, isDone } = await readStream(await ask({ model: OPENAI, stream: true }));
  const whole = Completion.parse(await (await ask({ model: OPENAI })).json());
  expect(textOf(chunks)).toBe(whole.choices[0].message.content);
  expect(isDone).toBe(true);
  expect(new Set(chunks.map(({ model }) => model))).toEqual(new Set([OPENAI]));
  expect(chunks.at(-1)?.breakwater?.status).toBe("complete");
  expect(whole).toMatchObject({ model: OPENAI, breakwater: { status: "complete" } });
  expect([chunks[0]?.id, whole.id].every((id) => id?.startsWith("chatcmpl_"))).toBe(true);
});

it.each(["reset", "error-event"])(
  "[HT52] [HT170] a stream that breaks by %s is gone on with by another wire, and the seam does not show",
  async (fault) => {
    const { chunks: well } = await readStream(await ask({ models: [OPENAI, GOOGLE], stream: true }));
    await breakProvider("openai", { fault, afterChunks: 9, times: 1 });
    const answer = await ask({ models: [OPENAI, GOOGLE], stream: true });
    const { chunks, isDone } = await readStream(answer);
    expect(textOf(chunks)).toBe(textOf(well));
    expect(isDone).toBe(true);
    expect(new Set(chunks.map(({ id, model }) => `${id} ${model}`)).size).toBe(1);
    const legs = chunks.at(-1)?.breakwater?.["legs"];
    expect(legs).toMatchObject([{ provider: "openai" }, { provider: "google" }]);
  },
);

it("[PR95] [HT185] when a fast stream pauses, its reader has all but the newest few words", async () => {
  await breakProvider("openai", { fault: "stall", afterChunks: 150, times: 1 });
  const answer = await ask({ models: [OPENAI, GOOGLE], stream: true, messages: LONG });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (text.split('"content"').length < 135) {
    const next = await reader?.read();
    if (next?.done !== false) throw new Error(`the stream ended after ${text}`);
    text += next.value;
  }
  // Nobody has gone on with it yet, so all of it is from the one that pauses.
  expect((await readJournal()).map(({ provider }) => provider)).toEqual(["openai"]);
  await reader?.cancel();
});

it("[HT171] fields that only this wire knows are carried, and nobody else is asked", async () => {
  const fields = { logprobs: true, top_logprobs: 2, parallel_tool_calls: false, logit_bias: { "50256": -1 } };
  const answer = await ask({ models: [GOOGLE, OPENAI], ...fields });
  expect(answer.headers.get("x-breakwater-provider")).toBe("openai");
  expect(await readJournal("google")).toEqual([]);
});

it.each([
  ["logprobs", { logprobs: true }],
  ["logit_bias", { logit_bias: { "1": 2 } }],
  ["parallel_tool_calls", { parallel_tool_calls: false }],
  ["service_tier", { service_tier: "flex" }],
])("[HT171] %s is refused by name where nobody on this wire is asked", async (param, field) => {
  const answer = await ask({ model: GOOGLE, ...field });
  expect(answer.status).toBe(400);
  expect(Refusal.parse(await answer.json()).error).toMatchObject({ param, code: "invalid_request" });
  expect(await readJournal()).toEqual([]);
});

it("[HT171] what everybody does anyway binds to no wire", async () => {
  const answer = await ask({ model: GOOGLE, logprobs: false, parallel_tool_calls: true });
  expect(answer.status).toBe(200);
});

it("[HT172] a whole answer that breaks is asked for elsewhere", async () => {
  await breakProvider("openai", { fault: "cut" });
  const answer = await ask({ models: [OPENAI, GOOGLE] });
  expect(answer.headers.get("x-breakwater-provider")).toBe("google");
  expect(Completion.parse(await answer.json()).choices[0].message.content?.split(/\s+/)).toHaveLength(60);
});
