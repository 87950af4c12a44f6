/** One isolate with callers from two regions, by the circuits that it goes by and reports to. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toProviderId } from "../../src/providers/provider-config.ts";
import worker from "../../src/worker.ts";
import { openWiring } from "../../src/wiring.ts";
import { act, healthOf, outcomeOf, PROVIDERS } from "./sandbox-circuits.ts";
import { breakProvider, healSandbox, readJournal, waitUntil } from "./sandbox-control.ts";
import { bindings } from "./sandbox-environment.ts";
import { createAdmin, createVisitor, ORIGIN, type Visitor } from "./sandbox-people.ts";

const WEST = { continent: "EU", longitude: "8" };
const EAST = { continent: "EU", longitude: "30" };
const regional = { ...bindings, REGIONAL_CIRCUITS: "true" };
const wiring = openWiring(regional);

let ada: Visitor;
let admin: Visitor;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
});
beforeEach(async () => {
  for (const provider of PROVIDERS) await act(admin, provider, "reset", "a new test");
});
afterEach(healSandbox);

const statusOf = async (name: string): Promise<string> => (await healthOf(name).readSnapshot(name)).status;
/** A busy region's version goes up with every call. */
const callOften = (name: string): Promise<unknown> =>
  healthOf(name).reportOutcomes(
    name,
    Array.from({ length: 50 }, () => outcomeOf("success")),
  );

interface Asked {
  readonly answer: Promise<Response>;
  /** Lets the rest of the question arrive. */
  readonly finish: () => Promise<void>;
}

/** A question whose body has begun to arrive. */
function begin(cf: typeof EAST, model: string): Asked {
  const [start, rest] = [`{"model":"${model}",`, `"messages":[{"role":"user","content":"Hello?"}]}`];
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const begun = writer.write(new TextEncoder().encode(start));
  const headers = { "content-type": "application/json", ...ada.credentials };
  const request = new Request<unknown, IncomingRequestCfProperties>(`${ORIGIN}/v1/chat/completions`, {
    method: "POST",
    headers,
    body: readable,
  });
  // The platform says much more of a request; nothing else is read.
  Object.defineProperty(request, "cf", { value: cf });
  return {
    answer: serve(request),
    finish: async () => {
      await begun;
      await writer.write(new TextEncoder().encode(rest));
      await writer.close();
    },
  };
}

async function serve(request: Request<unknown, IncomingRequestCfProperties>): Promise<Response> {
  const context = createExecutionContext();
  const answer = await worker.fetch(request, regional, context);
  // The whole of it: what is reported behind it has been sent then.
  const whole = new Response(await answer.text(), answer);
  await waitOnExecutionContext(context);
  return whole;
}

async function ask(cf: typeof EAST, model: string): Promise<number> {
  const { answer, finish } = begin(cf, model);
  await finish();
  return (await answer).status;
}

describe("an isolate with callers from two regions", () => {
  it.each([
    { provider: "anthropic", name: "of the east alone", hasWest: false },
    { provider: "deepseek", name: "of the west first and then of the east", hasWest: true },
  ])("[CB60] $name knows the circuits of the east", async ({ provider, hasWest }) => {
    const id = toProviderId(provider);
    const [west, east] = [`${id}@weur`, `${id}@eeur`];
    const readFrom = (cf: typeof EAST): Promise<string | undefined> =>
      wiring.workForCaller(cf, async () => {
        await wiring.circuits().warm([id]);
        return wiring.circuits().read(id)?.status;
      });
    await callOften(west);
    if (hasWest) expect(await readFrom(WEST)).toBe("CLOSED");
    await healthOf(east).readSnapshot(east);
    await healthOf(east).reportOutcomes(east, [outcomeOf("fatal")]);
    expect([await readFrom(EAST), await readFrom(WEST)]).toEqual(["OPEN", "CLOSED"]);
  });

  it("[CB60] serves each by its own, also a call that began before one from the other", async () => {
    const [west, east] = ["openai@weur", "openai@eeur"];
    await callOften(west);
    await healthOf(east).readSnapshot(east);
    await healthOf(east).reportOutcomes(east, [outcomeOf("fatal")]);
    const slow = begin(EAST, "openai/gpt-6-luna");
    expect(await ask(WEST, "openai/gpt-6-luna")).toBe(200);
    await slow.finish();
    expect((await slow.answer).status).toBe(503);
    expect(await readJournal("openai")).toHaveLength(1);
  });

  it("[CB60] reports a call to where its plan came from, also when others have called meanwhile", async () => {
    const [west, east] = ["google@weur", "google@eeur"];
    for (const name of [west, east]) await callOften(name);
    await breakProvider("google", { fault: "unauthorized" });
    const slow = begin(EAST, "google/gemini-3.5-flash-lite");
    expect(await ask(WEST, "openai/gpt-6-luna")).toBe(200);
    await slow.finish();
    expect((await slow.answer).ok).toBe(false);
    await waitUntil(
      () => statusOf(east),
      (status) => status === "OPEN",
    );
    expect(await statusOf(west)).toBe("CLOSED");
  });
});
