/** Anthropic's door in front of Anthropic itself, in workerd: what is passed on, and to whom. */
import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, readJournal } from "./sandbox-control.ts";
import { createAdmin, createVisitor, ORIGIN, type Visitor } from "./sandbox-people.ts";

const CLAUDE = "anthropic/claude-haiku-4-5";
const OPENAI = "openai/gpt-6-luna";
const QUESTION = "[[words:60]]";
const TOOL = { name: "look", input_schema: { type: "object" } };

const Event = z.looseObject({ type: z.string(), index: z.number().optional() });
const Message = z.looseObject({
  content: z.array(z.looseObject({ type: z.string() })),
  model: z.string(),
  id: z.string(),
});
const Refusal = z.object({ error: z.object({ type: z.string(), message: z.string() }) });

let ada: Visitor;
let admin: Visitor;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
});
beforeEach(async () => {
  await mendProviders(admin, ["openai", "anthropic"]);
});

const ask = (more: object): Promise<Response> =>
  ada.call("POST", "/v1/messages", {
    max_tokens: 1_000,
    messages: [{ role: "user", content: QUESTION }],
    ...more,
  });

async function readEvents(answer: Response): Promise<z.infer<typeof Event>[]> {
  const text = await answer.text();
  return text
    .split("\n\n")
    .slice(0, -1)
    .map((event) => Event.parse(JSON.parse(event.replace(/^[^{]*/, ""))));
}

const textOf = (events: readonly z.infer<typeof Event>[]): string =>
  events
    .map(
      (event) => z.object({ delta: z.object({ text: z.string() }) }).safeParse(event).data?.delta.text ?? "",
    )
    .join("");

it("[HT180] [HT181] [HT183] a stream and a whole answer have the provider's words under our names", async () => {
  const events = await readEvents(await ask({ model: CLAUDE, stream: true }));
  const whole = Message.parse(await (await ask({ model: CLAUDE })).json());
  expect(whole.content.at(-1)).toMatchObject({ type: "text", text: textOf(events) });
  expect(events[0]).toMatchObject({ type: "message_start", message: { model: CLAUDE } });
  expect(events[0]?.["message"]).toMatchObject({
    id: expect.stringMatching(/^msg_/),
    usage: { output_tokens: 1 },
  });
  expect(events.at(-2)).toMatchObject({ type: "message_delta", breakwater: { status: "complete" } });
  expect(events.at(-1)).toEqual({ type: "message_stop" });
  expect(whole).toMatchObject({ model: CLAUDE, breakwater: { status: "complete" } });
  expect(whole.id).toMatch(/^msg_/);
});

it.each(["reset", "error-event", "cut"])(
  "[HT181] a stream that breaks by %s is gone on with by another wire, and the seam does not show",
  async (fault) => {
    const well = await readEvents(await ask({ models: [CLAUDE, OPENAI], stream: true }));
    await breakProvider("anthropic", { fault, afterChunks: 9, times: 1 });
    const events = await readEvents(await ask({ models: [CLAUDE, OPENAI], stream: true }));
    expect(textOf(events)).toBe(textOf(well));
    expect(events.filter(({ type }) => type === "message_start")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "content_block_start").map(({ index }) => index)).toEqual([
      0,
    ]);
    expect(events.filter(({ type }) => type === "content_block_stop").map(({ index }) => index)).toEqual([0]);
    expect(events.at(-2)).toMatchObject({
      breakwater: { legs: [{ provider: "anthropic" }, { provider: "openai" }] },
    });
    expect(events.at(-1)).toEqual({ type: "message_stop" });
  },
);

it("[HT181] a stream that nobody goes on with ends in the error event", async () => {
  await breakProvider("anthropic", { fault: "cut", afterChunks: 9 });
  const events = await readEvents(await ask({ model: CLAUDE, stream: true }));
  expect(events.at(-1)).toMatchObject({ type: "error", breakwater: { status: "incomplete" } });
  expect(events.some(({ type }) => type === "message_stop")).toBe(false);
});

it.each<[string, object]>([
  ["service_tier", { service_tier: "standard_only" }],
  ["output_config.effort", { output_config: { effort: "max" } }],
  ["thinking.display", { thinking: { type: "adaptive", display: "omitted" } }],
  [
    "tool_choice.disable_parallel_tool_use",
    { tools: [TOOL], tool_choice: { type: "auto", disable_parallel_tool_use: true } },
  ],
])(
  "[HT182] %s is carried to Anthropic alone, and refused by name where it is not asked",
  async (name, field) => {
    const answer = await ask({ models: [OPENAI, CLAUDE], ...field });
    expect([answer.status, answer.headers.get("x-breakwater-provider")]).toEqual([200, "anthropic"]);
    const refused = await ask({ model: OPENAI, ...field });
    expect(refused.status).toBe(400);
    expect(Refusal.parse(await refused.json()).error.message.split(": ")[0]).toBe(name);
    expect(await readJournal("openai")).toEqual([]);
  },
);

it("[HT181] [HT183] the stop sequence that ended an answer is told, in a stream and in one piece", async () => {
  const words = textOf(await readEvents(await ask({ model: CLAUDE, stream: true }))).split(" ");
  const sequence = ` ${words[20] ?? ""}`;
  const told = { stop_reason: "stop_sequence", stop_sequence: sequence };
  const stopped = { model: CLAUDE, stop_sequences: ["never said", sequence] };
  const events = await readEvents(await ask({ ...stopped, stream: true }));
  expect(events.at(-2)).toMatchObject({ delta: told, breakwater: { status: "complete" } });
  expect(await (await ask(stopped)).json()).toMatchObject(told);
});

it.each([
  [CLAUDE, OPENAI],
  [OPENAI, CLAUDE],
])("[HT181] a call that breaks at %s is made once, by %s", async (...models) => {
  const [broken = "", other = ""] = models.map((model) => model.split("/")[0]);
  await breakProvider(broken, { fault: "cut", afterChunks: 1, times: 1 });
  const content = '[[tool:look {"at":"a rather long place for a break in its middle"}]]';
  const messages = [{ role: "user", content }];
  const events = await readEvents(await ask({ models, stream: true, tools: [TOOL], messages }));
  const calls = events.filter(({ type }) => type === "content_block_start");
  expect(calls).toMatchObject([{ index: 0, content_block: { type: "tool_use", name: "look" } }]);
  expect(events.at(-2)).toMatchObject({
    delta: { stop_reason: "tool_use" },
    breakwater: { attempts: 2, legs: [{ provider: other }] },
  });
});

it("[HT181] Anthropic goes on with what another wire began", async () => {
  const models = [OPENAI, CLAUDE];
  const well = textOf(await readEvents(await ask({ models, stream: true })));
  await breakProvider("openai", { fault: "reset", afterChunks: 9, times: 1 });
  const events = await readEvents(await ask({ models, stream: true }));
  expect(textOf(events)).toBe(well);
  expect(events[0]).toMatchObject({ type: "message_start", message: { model: OPENAI } });
  expect(events.filter(({ type }) => type.startsWith("message_")).map(({ type }) => type)).toEqual([
    "message_start",
    "message_delta",
    "message_stop",
  ]);
  expect(events.at(-2)).toMatchObject({
    breakwater: { legs: [{ provider: "openai" }, { provider: "anthropic" }] },
  });
});

it("[HT184] trial features reach nobody, and the answer says so", async () => {
  const body = { model: CLAUDE, max_tokens: 50, messages: [{ role: "user", content: "Hello" }] };
  const headers = { ...ada.credentials, "content-type": "application/json" };
  for (const stream of [true, false]) {
    const send = (more: Record<string, string>) =>
      exports.default.fetch(
        new Request(`${ORIGIN}/v1/messages`, {
          method: "POST",
          headers: { ...headers, ...more },
          body: JSON.stringify({ ...body, stream }),
        }),
      );
    const answer = await send({ "anthropic-beta": "some-feature-2026-01-01" });
    expect([answer.status, answer.headers.get("x-breakwater-ignored")]).toEqual([200, "anthropic-beta"]);
    await answer.text();
    const plain = await send({});
    expect([plain.status, plain.headers.get("x-breakwater-ignored")]).toEqual([200, null]);
    await plain.text();
  }
});

it("[HT183] a whole answer that breaks is asked for elsewhere", async () => {
  await breakProvider("anthropic", { fault: "cut" });
  const answer = await ask({ models: [CLAUDE, OPENAI] });
  expect(answer.headers.get("x-breakwater-provider")).toBe("openai");
  expect(Message.parse(await answer.json()).content.at(-1)?.["text"]).toMatch(/^(\S+\s+){59}\S+$/);
});
