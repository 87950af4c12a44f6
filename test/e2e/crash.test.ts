/** The machine loses power in the middle of an answer. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { z } from "zod";
import { findFreePort } from "../../scripts/serve/run-parts.ts";
import { StoredMessage } from "../../src/protocol/session-frame.ts";
import { toLongText } from "../../sandbox/long-text.ts";
import { hashText } from "../../sandbox/measure-text.ts";
import { startProduct, type Product } from "./product.ts";

const QUESTION = "Go on and on [[words:400]]";
const Messages = z.object({ messages: z.array(StoredMessage) });
const Frame = z.looseObject({
  chunk: z.looseObject({ type: z.string(), delta: z.string().optional() }).optional(),
});

async function call(product: Product, path: string, method: "GET" | "POST"): Promise<unknown> {
  const headers = { authorization: `Bearer ${product.credentials.apiKey}` };
  return (await fetch(`${product.url}${path}`, { method, headers })).json();
}

test("[EE8] after kill -9 in mid-answer nothing stored is lost and the answer goes on to its end", async () => {
  test.setTimeout(120_000);
  const stateFolder = await mkdtemp(join(tmpdir(), "breakwater-crash-"));
  const port = await findFreePort();
  let product = await startProduct({ port, stateFolder });
  try {
    const { id } = z.object({ id: z.string() }).parse(await call(product, "/api/v1/sessions", "POST"));
    const { ticket } = z
      .object({ ticket: z.string() })
      .parse(await call(product, `/api/v1/sessions/${id}/ticket`, "POST"));
    const socket = new WebSocket(
      `${product.url.replace("http", "ws")}/api/v1/sessions/${id}/socket?ticket=${ticket}`,
    );
    let seen = "";
    socket.addEventListener("message", (event) => {
      const { chunk } = Frame.parse(JSON.parse(String(event.data)));
      if (chunk?.type === "text-delta") seen += chunk.delta ?? "";
    });
    await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
    const question = {
      id: "question",
      role: "user",
      parts: [{ type: "text", text: QUESTION }],
    };
    const frame = { type: "send", requestId: "r", id, trigger: "submit-message", messages: [question] };
    socket.send(JSON.stringify({ ...frame, headers: {}, body: { model: "balanced" } }));
    await expect.poll(() => seen.length).toBeGreaterThan(200);
    await product.kill();
    product = await startProduct({ port, stateFolder });
    const read = async () =>
      Messages.parse(await call(product, `/api/v1/sessions/${id}/messages`, "GET")).messages;
    // Whoever reads wakes the chat up; it goes on by itself.
    await expect.poll(async () => (await read())[1]?.metadata?.status, { timeout: 30_000 }).toBe("complete");
    const messages = await read();
    expect(messages.map((message) => message.role)).toEqual(["user", "assistant"]);
    const answer = messages[1];
    const texts = (answer?.parts ?? []).filter((part) => part.type === "text");
    expect(texts.map((part) => part["text"])).toEqual([toLongText(400, hashText(QUESTION))]);
    expect(String(texts[0]?.["text"]).startsWith(seen)).toBe(true);
    expect(answer?.metadata?.legs).toHaveLength(2);
  } finally {
    await product.kill();
    await rm(stateFolder, { recursive: true, force: true });
  }
});
