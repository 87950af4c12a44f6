/** An admin watches a provider break and come back. */
import { expect, test, type APIRequestContext, type Locator, type Page } from "@playwright/test";
import { z } from "zod";
import { readCredentials } from "./product.ts";
import { signIn } from "./person.ts";
import { e2eStateFolder } from "./start-product.ts";

const Completion = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })) });

async function askOverHttp(request: APIRequestContext, model: string): Promise<string> {
  const { apiKey } = await readCredentials(e2eStateFolder());
  const answer = await request.post("/v1/chat/completions", {
    headers: { authorization: `Bearer ${apiKey}` },
    data: { model, messages: [{ role: "user", content: "Reply with OK" }] },
  });
  expect(answer.status()).toBe(200);
  Completion.parse(await answer.json());
  return answer.headers()["x-breakwater-provider"] ?? "";
}

const State = z.object({ providers: z.array(z.object({ provider: z.string(), requests: z.number() })) });

/** Chooses how a stand-in is broken, and waits until it is. */
async function breakFromCard(page: Page, card: Locator, choice: string | { index: number }): Promise<void> {
  const taken = page.waitForResponse(
    (answer) => answer.url().includes("/api/v1/admin/sandbox/") && answer.request().method() === "PUT",
  );
  await card.getByRole("combobox").selectOption(choice);
  expect((await taken).status()).toBe(200);
}

/** How many requests the stand-in has had, probes included. */
async function countRequests(page: Page, provider: string): Promise<number> {
  const state = State.parse(await (await page.request.get("/api/v1/admin/sandbox")).json());
  return state.providers.find((known) => known.provider === provider)?.requests ?? -1;
}

test("[EE5] a broken provider is left alone until a probe went well", async ({ page, request }) => {
  await signIn(page);
  await page.goto("/console");
  const card = page.getByRole("region", { name: /anthropic/i });
  await expect(card).toContainText(/closed/i);
  expect(await askOverHttp(request, "balanced")).toBe("anthropic");
  await breakFromCard(page, card, "server-error");
  expect(await askOverHttp(request, "balanced")).not.toBe("anthropic");
  await expect(card).toContainText(/open/i, { timeout: 3_000 });
  await expect(card).toContainText(/failures in a row/i);
  const before = await countRequests(page, "anthropic");
  for (let question = 0; question < 5; question += 1) {
    expect(await askOverHttp(request, "balanced")).not.toBe("anthropic");
  }
  // Probes may have asked meanwhile; five questions would have made at least five requests.
  expect(await countRequests(page, "anthropic")).toBeLessThan(before + 5);
  await breakFromCard(page, card, { index: 0 });
  await expect(card).toContainText(/closed/i, { timeout: 45_000 });
  // An isolate may go by what it knew half a second ago.
  await expect.poll(() => askOverHttp(request, "balanced")).toBe("anthropic");
});

test("[EE10] strangers are sent to sign in, members are not shown the console", async ({ page, browser }) => {
  await page.goto("/console");
  await expect(page).toHaveURL(/sign-in/);
  const member = await browser.newPage();
  await member.goto("/sign-up");
  await member.getByLabel("Name").fill("Member");
  await member.getByLabel("E-mail").fill(`member-${Date.now()}@example.com`);
  await member.getByLabel("Password").fill("correct horse battery");
  await member.getByRole("button", { name: /create account|sign up/i }).click();
  await expect(member.getByRole("textbox", { name: "Message" })).toBeVisible();
  await member.goto("/console");
  await expect(member.getByText(/for admins/i)).toBeVisible();
  await expect(member.getByRole("region", { name: /anthropic/i })).toHaveCount(0);
  await member.close();
});
