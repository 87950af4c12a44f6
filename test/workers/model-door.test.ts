/** What every door for model calls has in common, in workerd, at the example of OpenAI's. */
import { beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { mendProviders } from "./sandbox-circuits.ts";
import { breakProvider } from "./sandbox-control.ts";
import { createAdmin, createVisitor, type Visitor } from "./sandbox-people.ts";
import { Completion, readStream, Refusal } from "./sandbox-stream.ts";

const OPENAI = "openai/gpt-6-luna";

let ada: Visitor;
let admin: Visitor;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
});
beforeEach(async () => {
  await mendProviders(admin, ["openai"]);
});

const ask = (headers: Record<string, string>, more: object = {}): Promise<Response> => {
  const messages = [{ role: "user", content: "Please reply with fine weather" }];
  return ada.call("POST", "/v1/chat/completions", { model: OPENAI, messages, ...more }, headers);
};
const Trace = z.object({
  intent: z.string(),
  mode: z.string(),
  decision: z.object({ policy: z.string() }),
  candidates: z.tuple([z.object({ provider: z.string(), place: z.number(), reason: z.string().min(1) })]),
});

it("[HT71] tells who could have answered and why to who asks for it, with and without a stream", async () => {
  const whole = Completion.parse(await (await ask({ "x-breakwater-trace": "1" })).json());
  const { chunks } = await readStream(await ask({ "x-breakwater-trace": "1" }, { stream: true }));
  for (const breakwater of [whole.breakwater, chunks.at(-1)?.breakwater]) {
    const { candidates, mode } = Trace.parse(breakwater?.["trace"]);
    expect(candidates[0]).toMatchObject({ provider: "openai", place: 1 });
    expect(mode).toBe("pinned");
  }
  expect(Completion.parse(await (await ask({})).json()).breakwater).not.toHaveProperty("trace");
});

it("[HT72] a whole answer says in a header what it cost", async () => {
  const answer = await ask({});
  const { breakwater } = Completion.parse(await answer.json());
  expect(breakwater["costMicroUsd"]).toBeGreaterThan(0);
  expect(answer.headers.get("x-breakwater-cost-micro-usd")).toBe(String(breakwater["costMicroUsd"]));
});

it("[HT70] an answer that takes longer than its caller waits is 504, or a stream that says so", async () => {
  await breakProvider("openai", { fault: "hang" });
  const whole = await ask({ "x-breakwater-timeout-ms": "300" });
  expect(whole.status).toBe(504);
  expect(Refusal.parse(await whole.json()).error).toMatchObject({ type: "server_error", code: "timeout" });
  const streamed = await ask({ "x-breakwater-timeout-ms": "300" }, { stream: true });
  expect(streamed.status).toBe(504);
});

it("[HT71] another value than 1 is no wish for a trace, and is not dropped in silence", async () => {
  const answer = await ask({ "x-breakwater-trace": "true" });
  expect(answer.status).toBe(400);
  expect(Refusal.parse(await answer.json()).error.param).toBe("x-breakwater-trace");
});

it.each(["0", "1.5", "soon", "3600001", "-1"])("[HT70] %s is no time to wait", async (text) => {
  const answer = await ask({ "x-breakwater-timeout-ms": text });
  expect(answer.status).toBe(400);
  expect(Refusal.parse(await answer.json()).error.param).toBe("x-breakwater-timeout-ms");
});
