/**
 * Existing clients, unmodified, against a provider on every wire, well and broken in the middle. Rule HT174.
 */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listClients, type ConformingClient } from "./conformance.ts";
import { mendProviders } from "./sandbox-circuits.ts";
import { breakProvider, readJournal, waitUntil } from "./sandbox-control.ts";
import { createAdmin, createVisitor, type Visitor } from "./sandbox-people.ts";

/** One model of a provider on each wire. */
const TARGETS = [
  { provider: "openai", model: "openai/gpt-6-luna" },
  { provider: "anthropic", model: "anthropic/claude-haiku-4-5" },
  { provider: "google", model: "google/gemini-3.5-flash-lite" },
  { provider: "deepseek", model: "deepseek/deepseek-v4-flash" },
] as const;
/** In words of ours, which every client shows. */
const REFUSED = /refused|bad request|not take|cannot|request/i;
const GOOD_ENDS = ["stop", "end_turn", "completed"];
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const QUESTION = "[[words:80]]";
/** They strike in the middle of the answer; every fault on every wire is in test/contract/fault-matrix.test.ts. */
const MENDED_FAULTS = ["reset", "error-event"] as const;
const LASTING_FAULTS = ["cut", "garbage"] as const;

let admin: Visitor;
let ada: Visitor;
let clients: ConformingClient[] = [];
beforeAll(async () => {
  const [visitor, boss] = await Promise.all([createVisitor(), createAdmin()]);
  [ada, admin] = [visitor, boss];
  clients = listClients(visitor.credentials["authorization"]?.replace("Bearer ", "") ?? "");
});
beforeEach(() => mendProviders(admin));

const NAMES = [
  "openai",
  "openai responses",
  "anthropic",
  "AI SDK, OpenAI chat",
  "AI SDK, OpenAI responses",
  "AI SDK, Anthropic",
  "langchain",
];
const clientOf = (name: string): ConformingClient => {
  const found = clients.find((client) => client.name === name);
  if (found === undefined) throw new Error(`no client ${name}`);
  return found;
};

/** A provider that was broken again and again has no retries left until calls go well again. */
async function earnRetries(model: string): Promise<void> {
  const messages = [{ role: "user", content: "Please reply with ok" }];
  const calls = Array.from({ length: 12 }, () =>
    ada.call("POST", "/v1/chat/completions", { model, messages }),
  );
  for (const answer of await Promise.all(calls)) expect(answer.status).toBe(200);
}

describe.each(NAMES)("%s", (name) => {
  describe.each(TARGETS)("in front of $provider", ({ provider, model }) => {
    it("[HT174] streams and gives whole answers, with the same words", async () => {
      const client = clientOf(name);
      const streamed = await client.stream({ model, question: QUESTION });
      const whole = await client.whole({ model, question: QUESTION });
      expect(streamed.text.split(/\s+/)).toHaveLength(80);
      expect(whole.text).toBe(streamed.text);
      expect(GOOD_ENDS).toContain(streamed.finish);
      expect(GOOD_ENDS).toContain(whole.finish);
    });

    it("[HT174] calls a tool", async () => {
      const asked = { model, question: "What is the weather? [[tool:weather]]" };
      expect(await clientOf(name).callTool(asked)).toMatchObject({ city: expect.any(String) });
    });

    it.skipIf(provider === "deepseek")("[HT174] shows a picture", async () => {
      const asked = { model, question: "Please reply with seen", png: PNG };
      expect(await clientOf(name).look(asked)).toMatchObject({ text: "seen" });
      // A probe may be under way.
      const outcomes = await waitUntil(
        async () => (await readJournal(provider)).map(({ outcome }) => outcome),
        (found) => found.length > 0 && !found.includes("open"),
      );
      expect(new Set(outcomes)).toEqual(new Set(["complete"]));
    });

    it("[HT174] is told of a provider that refuses", async () => {
      await breakProvider(provider, { fault: "bad-request" });
      await expect(clientOf(name).stream({ model, question: QUESTION })).rejects.toThrow(REFUSED);
      await expect(clientOf(name).whole({ model, question: QUESTION })).rejects.toThrow(REFUSED);
    });

    it("[HT174] goes away in mid-answer, and so does the call", async () => {
      const controller = new AbortController();
      await breakProvider(provider, { fault: "slow" });
      const asked = { model, question: "[[words:400]]", signal: controller.signal };
      const reading = clientOf(name).stream(asked, () => controller.abort());
      await expect(reading).rejects.toThrow(/abort/i);
      // Probes ask as well: it is one of several.
      const outcomes = await waitUntil(
        async () => (await readJournal(provider)).map(({ outcome }) => outcome),
        (found) => found.includes("client-closed"),
      );
      expect(outcomes).toContain("client-closed");
    });

    it.each(MENDED_FAULTS)(
      "[HT174] hears the whole answer although it broke in the middle: %s",
      async (fault) => {
        const client = clientOf(name);
        const { text } = await client.stream({ model, question: QUESTION });
        await earnRetries(model);
        await breakProvider(provider, { fault, afterChunks: 12, times: 1 });
        const mended = await client.stream({ model, question: QUESTION });
        expect(mended.text).toBe(text);
        expect(GOOD_ENDS).toContain(mended.finish);
      },
    );

    it.each(LASTING_FAULTS)(
      "[HT174] takes an answer that nobody goes on with for broken: %s",
      async (fault) => {
        await breakProvider(provider, { fault, afterChunks: 12 });
        const reading = clientOf(name).stream({ model, question: QUESTION });
        await expect(reading).rejects.toThrow(/incomplete/);
      },
    );
  });
});
