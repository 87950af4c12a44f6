/** Existing clients, unchanged: OpenAI's package over HTTP, AI SDK's Chat over the socket. */
import { expect, test } from "@playwright/test";
import { WebSocketChatTransport, type UIMessage } from "ai";
import OpenAI from "openai";
import { z } from "zod";
import { MemoryChat, textOf } from "../fakes/memory-chat.ts";
import { E2E_URL } from "./playwright.config.ts";
import { readCredentials } from "./product.ts";
import { e2eStateFolder } from "./start-product.ts";

const { apiKey } = await readCredentials(e2eStateFolder());
const authorization = `Bearer ${apiKey}`;

async function post(path: string, shape: "id" | "ticket"): Promise<string> {
  const answer = await fetch(`${E2E_URL}${path}`, { method: "POST", headers: { authorization } });
  const body = z
    .object({ id: z.string().optional(), ticket: z.string().optional() })
    .parse(await answer.json());
  return z.string().parse(body[shape]);
}

/** Every socket that a client opened, in order, so that a test can cut one as a lost network would. */
const opened: WebSocket[] = [];
globalThis.WebSocket = class extends globalThis.WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    opened.push(this);
  }
};

function openChat(sessionId: string): MemoryChat {
  const transport = new WebSocketChatTransport<UIMessage>({
    url: `${E2E_URL}/api/v1/sessions/${sessionId}/socket`,
    params: async () => ({ ticket: await post(`/api/v1/sessions/${sessionId}/ticket`, "ticket") }),
    body: { model: "balanced" },
  });
  return new MemoryChat({ id: sessionId, transport });
}

test("[EE6] the openai package streams an answer", async () => {
  const client = new OpenAI({ baseURL: `${E2E_URL}/v1`, apiKey, maxRetries: 0 });
  const stream = await client.chat.completions.create({
    model: "fast",
    messages: [{ role: "user", content: "What is a mole? [[words:40]]" }],
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  let finish: string | null = null;
  let total = 0;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    finish = chunk.choices[0]?.finish_reason ?? finish;
    total = chunk.usage?.total_tokens ?? total;
  }
  expect(text.split(/\s+/).length).toBeGreaterThan(30);
  expect(finish).toBe("stop");
  expect(total).toBeGreaterThan(30);
});

test("[EE6] the openai package sees a broken stream as an error", async ({ request }) => {
  const { admin } = await readCredentials(e2eStateFolder());
  const signedIn = await request.post("/api/auth/sign-in/email", {
    data: admin,
    headers: { origin: E2E_URL },
  });
  expect(signedIn.status()).toBe(200);
  const breakIt = (fault: string) =>
    request.put("/api/v1/admin/sandbox/google", { data: { fault }, headers: { origin: E2E_URL } });
  expect((await breakIt("cut")).status()).toBe(200);
  try {
    const client = new OpenAI({ baseURL: `${E2E_URL}/v1`, apiKey, maxRetries: 0 });
    const stream = await client.chat.completions.create({
      model: "google/gemini-3.5-flash-lite",
      messages: [{ role: "user", content: "Go on [[words:80]]" }],
      stream: true,
    });
    let text = "";
    const read = async (): Promise<void> => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    };
    await expect(read()).rejects.toThrow(/incomplete/);
    expect(text).not.toBe("");
  } finally {
    expect((await breakIt("none")).status()).toBe(200);
  }
});

test("[EE7] an unmodified AI SDK chat is cut off, resumes, and has the same text", async () => {
  const sessionId = await post("/api/v1/sessions", "id");
  const cut = openChat(sessionId);
  const stayed = openChat(sessionId);
  const asked = cut.sendMessage({ text: "Tell me about the sea [[words:160]]" });
  await expect.poll(() => textOf(cut.messages.at(-1)).length).toBeGreaterThan(100);
  const following = stayed.resumeStream();
  await expect.poll(() => textOf(stayed.messages.at(-1)).length).toBeGreaterThan(150);
  opened[0]?.close();
  await asked;
  expect(cut.status).toBe("error");
  await cut.resumeStream();
  await following;
  expect(cut.status).toBe("ready");
  expect(textOf(cut.messages.at(-1))).toBe(textOf(stayed.messages.at(-1)));
  expect(textOf(cut.messages.at(-1)).split(/\s+/).length).toBeGreaterThan(150);
  expect(cut.messages.map((message) => message.role)).toEqual(["user", "assistant"]);
});
