/** Tools of an MCP server that want a person's word: on the page, and from AI SDK's own client, kill -9 in between. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses } from "ai";
import { findFreePort } from "../../scripts/serve/run-parts.ts";
import { MemoryChat } from "../fakes/memory-chat.ts";
import { StandInMcpServer } from "../fakes/stand-in-mcp-server.ts";
import { ask, lastAnswer, signIn, waitForEnd } from "./person.ts";
import { startProduct, type Product } from "./product.ts";

const QUESTION = 'Look it up. [[tool:docs__search {"query":"sea"}]]';

let standIn: StandInMcpServer;
let stateFolder: string;
let port: number;
let product: Product;

const start = (): Promise<Product> =>
  startProduct({
    port,
    stateFolder,
    environment: { MCP_SERVERS: JSON.stringify([{ name: "docs", url: standIn.url }]) },
  });

test.beforeAll(async () => {
  test.setTimeout(120_000);
  const result = (): object => ({ content: [{ type: "text", text: "It is salt." }] });
  standIn = await StandInMcpServer.start({
    tools: [{ name: "search", description: "Searches.", inputSchema: { type: "object" }, result }],
  });
  stateFolder = await mkdtemp(join(tmpdir(), "breakwater-words-"));
  port = await findFreePort();
  product = await start();
});
test.afterAll(async () => {
  await product.kill();
  await standIn.stop();
  await rm(stateFolder, { recursive: true, force: true });
});

const countCalls = (): number => standIn.heard.filter(({ method }) => method === "tools/call").length;

test("[EE17] a person allows a call on the page, and denies the next", async ({ page }) => {
  await signIn(page, product);
  await ask(page, QUESTION);
  const question = page.getByRole("region", { name: "May docs__search be called?" });
  await expect(question).toContainText("sea");
  const callsBefore = countCalls();
  await question.getByRole("button", { name: "Allow" }).click();
  await waitForEnd(page);
  await expect(lastAnswer(page)).toContainText("It is salt.");
  expect(countCalls()).toBe(callsBefore + 1);
  await ask(page, QUESTION);
  await question.getByRole("button", { name: "Deny" }).click();
  await waitForEnd(page);
  await expect(question).toHaveCount(0);
  expect(countCalls()).toBe(callsBefore + 1);
});

test("[EE17] [HT195] AI SDK's client gives its word after kill -9, and the call is made once", async () => {
  test.setTimeout(120_000);
  const chat = new MemoryChat({
    id: "a chat of its own",
    transport: new DefaultChatTransport({
      api: `${product.url}/api/chat`,
      headers: { authorization: `Bearer ${product.credentials.apiKey}` },
      body: { model: "openai/gpt-6-luna" },
    }),
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
  });
  await chat.sendMessage({ text: QUESTION });
  expect([chat.status, chat.error]).toEqual(["ready", undefined]);
  const call = chat.lastMessage?.parts.find((part) => part.type === "dynamic-tool");
  if (call?.state !== "approval-requested") throw new Error(`the call is ${call?.state}`);
  const callsBefore = countCalls();
  await product.kill();
  product = await start();
  await chat.addToolApprovalResponse({ id: call.approval.id, approved: true });
  await expect
    .poll(() => chat.lastMessage?.metadata, { timeout: 30_000 })
    .toMatchObject({ status: "complete" });
  expect(countCalls()).toBe(callsBefore + 1);
  expect(chat.messages).toHaveLength(2);
  expect(JSON.stringify(chat.lastMessage?.parts)).toContain("It is salt.");
});
