/** Anthropic's door in front of Anthropic itself, in workerd: what is passed on, and to whom. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { act } from "./sandbox-circuits.ts";
import { breakProvider, healSandbox, readJournal } from "./sandbox-control.ts";
import { createAdmin, createVisitor, type Visitor } from "./sandbox-people.ts";

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
  await healSandbox();
  for (const provider of ["openai", "anthropic"])
    await act(admin, provider, "close", "tests break it again and again");
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

it("[HT183] a whole answer that breaks is asked for elsewhere", async () => {
  await breakProvider("anthropic", { fault: "cut" });
  const answer = await ask({ models: [CLAUDE, OPENAI] });
  expect(answer.headers.get("x-breakwater-provider")).toBe("openai");
  expect(Message.parse(await answer.json()).content.at(-1)?.["text"]).toMatch(/^(\S+\s+){59}\S+$/);
});
