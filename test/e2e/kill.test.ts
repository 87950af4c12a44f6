/**
 * The machine loses power again and again while answers are being written: `kill -9` of the process group at random
 * moments, a new start on the same state, clients that come back by themselves. `KILL_RUNS` says how often.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@playwright/test";
import { z } from "zod";
import { findFreePort } from "../../scripts/serve/run-parts.ts";
import { StoredMessage } from "../../src/protocol/session-frame.ts";
import { hashText } from "../../sandbox/measure-text.ts";
import { toLongText } from "../../sandbox/long-text.ts";
import { PersistentClient, type ClientKind } from "./persistent-client.ts";
import { startProduct, type Product } from "./product.ts";

const RUNS = Number(process.env["KILL_RUNS"] ?? 10);
/** Every wire, and every stand-in's way of going on with a broken answer. */
const CHATS: readonly { readonly model: string; readonly kinds: readonly ClientKind[] }[] = [
  { model: "openai/gpt-6-sol", kinds: ["stock-from-start", "live"] },
  { model: "anthropic/claude-haiku-4-5", kinds: ["stock-cursor", "live"] },
  { model: "google/gemini-3.8-flash", kinds: ["live", "stock-cursor"] },
  { model: "deepseek/deepseek-v4-flash", kinds: ["stock-cursor", "stock-from-start"] },
  { model: "balanced", kinds: ["live", "live"] },
];
const LEAST_WORDS = 120;
const MOST_WORDS = 420;
/** From the questions to the kill: before the first word, in the middle, near the end. */
const MOST_LIFE_MS = 6_000;
const MESSAGES = z.object({ messages: z.array(StoredMessage) });

/** Printed with the test; the moments of the kills cannot be had again, the rest can. */
const SEED = Number(process.env["KILL_SEED"] ?? Date.now() % 100_000);

function toRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Watched {
  readonly id: string;
  readonly question: string;
  readonly whole: string;
  readonly clients: readonly PersistentClient[];
}

async function call(product: () => Product, method: string, path: string): Promise<unknown> {
  const { url, credentials } = product();
  const headers = { authorization: `Bearer ${credentials.apiKey}` };
  const answer = await fetch(`${url}${path}`, { method, headers, signal: AbortSignal.timeout(5_000) });
  return answer.json();
}

async function openUrl(product: () => Product, id: string): Promise<string> {
  const ticket = z
    .object({ ticket: z.string() })
    .parse(await call(product, "POST", `/api/v1/sessions/${id}/ticket`));
  return `${product().url.replace("http", "ws")}/api/v1/sessions/${id}/socket?ticket=${ticket.ticket}`;
}

async function startChat(
  product: () => Product,
  { model, kinds }: (typeof CHATS)[number],
  words: number,
): Promise<Watched> {
  const { id } = z.object({ id: z.string() }).parse(await call(product, "POST", "/api/v1/sessions"));
  const question = `Go on and on [[words:${words}]]`;
  const ask = JSON.stringify({
    type: "send",
    requestId: "asked",
    id,
    trigger: "submit-message",
    messages: [{ id: "question", role: "user", parts: [{ type: "text", text: question }] }],
    headers: {},
    body: { model },
  });
  // All are told under the asker's id: the others follow as the same client would from another tab.
  const clients = kinds.map((kind, index) => {
    const settings = { kind, sessionId: id, requestId: "asked", openUrl: () => openUrl(product, id) };
    return new PersistentClient(settings, index === 0 ? ask : null);
  });
  return { id, question, whole: toLongText(words, hashText(question)), clients };
}

async function checkChat(product: () => Product, { id, whole, clients }: Watched): Promise<void> {
  const { messages } = MESSAGES.parse(await call(product, "GET", `/api/v1/sessions/${id}/messages`));
  expect(messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
  const answer = messages[1];
  expect(answer?.metadata?.status).toBe("complete");
  const texts = (answer?.parts ?? []).filter(({ type }) => type === "text");
  expect(texts.map((part) => part["text"])).toEqual([whole]);
  for (const client of clients) {
    expect(client.faults).toEqual([]);
    expect(client.text).toBe(whole);
    expect(client.lastChunkType).toBe("finish");
  }
}

test(`[EE11] killed ${RUNS} times in mid-answer, every reader ends with the provider's whole text`, async () => {
  test.setTimeout(RUNS * 60_000 + 120_000);
  console.log(`KILL_SEED=${SEED}`);
  const random = toRandom(SEED);
  const stateFolder = await mkdtemp(join(tmpdir(), "breakwater-kill-"));
  const port = await findFreePort();
  let product = await startProduct({ port, stateFolder });
  let rewinds = 0;
  try {
    for (let run = 1; run <= RUNS; run += 1) {
      const watched = await Promise.all(
        CHATS.map((chat) =>
          startChat(() => product, chat, LEAST_WORDS + Math.floor(random() * (MOST_WORDS - LEAST_WORDS))),
        ),
      );
      await sleep(random() * MOST_LIFE_MS);
      await product.kill();
      product = await startProduct({ port, stateFolder });
      const clients = watched.flatMap((chat) => chat.clients);
      await expect
        .poll(() => clients.filter((client) => !client.hasEnded).length, { timeout: 45_000 })
        .toBe(0);
      for (const chat of watched) await checkChat(() => product, chat);
      rewinds += clients.reduce((sum, client) => sum + client.rewinds, 0);
    }
    console.log(`${RUNS} kills, ${RUNS * CHATS.length} answers, ${rewinds} clients rewound`);
  } finally {
    await product.kill();
    await rm(stateFolder, { recursive: true, force: true });
  }
});
