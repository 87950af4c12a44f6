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

it.each([
  { name: "an answer in one piece", path: "/v1/chat/completions", body: HELLO },
  { name: "a stream before its first word", path: "/v1/chat/completions", body: { ...HELLO, stream: true } },
  { name: "a message in one piece", path: "/v1/messages", body: { ...HELLO, max_tokens: 50 } },
])(
  "[HT53] [HT54] $name whose caller goes away leaves a record",
  { timeout: 30_000 },
  async ({ path, body }) => {
    await breakProvider("openai", { fault: "hang", times: 1 });
    const controller = new AbortController();
    const requestId = `gone-${crypto.randomUUID()}`;
    const answer = exports.default.fetch(
      new Request(ORIGIN + path, {
        method: "POST",
        headers: { "content-type": "application/json", "x-request-id": requestId, ...ada.credentials },
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
