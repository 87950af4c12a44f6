/** Callers that go away before there is an answer: the provider is let go, and the record is written all the same. */
import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { SelectionList } from "../../src/protocol/selection.ts";
import { mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, readJournal, waitUntil } from "./sandbox-control.ts";
import { createAdmin, createVisitor, ORIGIN, type Visitor } from "./sandbox-people.ts";

let ada: Visitor;
let admin: Visitor;
beforeAll(async () => {
  [ada, admin] = await Promise.all([createVisitor(), createAdmin()]);
});
beforeEach(async () => {
  await mendProviders(admin, ["openai", "google"]);
});

const HELLO = { model: "openai/gpt-6-luna", messages: [{ role: "user", content: "Hello?" }] };
const ASKED = { model: "openai/gpt-6-luna", input: "Hello?" };

interface Leaving {
  readonly name: string;
  readonly path: string;
  readonly body: object;
  readonly more?: Record<string, string>;
}

it.each<Leaving>([
  { name: "an answer in one piece", path: "/v1/chat/completions", body: HELLO },
  { name: "a stream before its first word", path: "/v1/chat/completions", body: { ...HELLO, stream: true } },
  { name: "a message in one piece", path: "/v1/messages", body: { ...HELLO, max_tokens: 50 } },
  {
    name: "a message's stream before its first word",
    path: "/v1/messages",
    body: { ...HELLO, max_tokens: 50, stream: true },
  },
  { name: "a response in one piece", path: "/v1/responses", body: ASKED },
  {
    name: "a response's stream before its first word",
    path: "/v1/responses",
    body: { ...ASKED, stream: true },
  },
  {
    name: "an answer that the cache was asked for",
    path: "/v1/chat/completions",
    body: HELLO,
    more: { "x-breakwater-cache": "600" },
  },
])(
  "[HT53] [HT54] $name whose caller goes away leaves a record",
  { timeout: 30_000 },
  async ({ path, body, more = {} }) => {
    await breakProvider("openai", { fault: "hang", times: 1 });
    const controller = new AbortController();
    const requestId = `gone-${crypto.randomUUID()}`;
    const answer = exports.default.fetch(
      new Request(ORIGIN + path, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-request-id": requestId,
          ...ada.credentials,
          ...more,
        },
        body: JSON.stringify(body),
        signal: controller.signal,
      }),
    );
    await waitUntil(
      () => readJournal("openai"),
      (entries) => entries.length === 1,
    );
    controller.abort();
    await expect(answer).rejects.toThrow("abort");
    await waitUntil(
      () => readJournal("openai"),
      ([entry]) => entry?.outcome === "client-closed",
    );
    const read = async () => {
      const list = SelectionList.parse(await (await ada.call("GET", "/api/v1/selections")).json());
      return list.selections.find((record) => record.requestId === requestId);
    };
    const record = await waitUntil(read, (found) => found !== undefined);
    expect(record).toMatchObject({ status: "cancelled", attempts: [{ outcome: "cancelled" }] });
  },
);

it.each([
  { path: "/v1/messages", body: { ...HELLO, max_tokens: 50 } },
  { path: "/v1/responses", body: { ...ASKED, max_output_tokens: 50 } },
])(
  "[HT154] a call to $path under a key is finished without its caller, paid for once, and given to who repeats it",
  { timeout: 30_000 },
  async ({ path, body }) => {
    await breakProvider("openai", { fault: "slow", times: 1 });
    const controller = new AbortController();
    const key = crypto.randomUUID();
    const ask = (signal: AbortSignal): Promise<Response> =>
      exports.default.fetch(
        new Request(ORIGIN + path, {
          method: "POST",
          headers: { "content-type": "application/json", "idempotency-key": key, ...ada.credentials },
          body: JSON.stringify(body),
          signal,
        }),
      );
    const answer = ask(controller.signal);
    await waitUntil(
      () => readJournal("openai"),
      (entries) => entries.length === 1,
    );
    controller.abort();
    await expect(answer).rejects.toThrow("abort");
    const repeat = await waitUntil(
      () => ask(new AbortController().signal),
      ({ status }) => status !== 409,
      20_000,
    );
    expect([repeat.status, repeat.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
    expect(await readJournal("openai")).toMatchObject([{ outcome: "complete" }]);
  },
);
