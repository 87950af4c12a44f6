/** What a chat keeps: a sentence whose provider dies, a question typed without a network, branches, a shared link. */
import { expect, test, type Page } from "@playwright/test";
import { hashText } from "../../sandbox/measure-text.ts";
import { toLongText } from "../../sandbox/long-text.ts";
import { SessionMessages } from "../../src/protocol/session-api.ts";
import { ask, lastAnswer, signIn, waitForEnd } from "./person.ts";

test.beforeEach(({ page }) => signIn(page));

const sessionIdOf = (page: Page): string => new URL(page.url()).pathname.split("/").at(-1) ?? "";

async function readMessages(page: Page): Promise<SessionMessages["messages"]> {
  const answer = await page.request.get(`/api/v1/sessions/${sessionIdOf(page)}/messages`);
  return SessionMessages.parse(await answer.json()).messages;
}

async function setFault(page: Page, provider: string, fault: string): Promise<void> {
  const origin = new URL(page.url()).origin;
  const answer = await page.request.put(`/api/v1/admin/sandbox/${provider}`, {
    headers: { origin },
    data: { fault },
  });
  expect(answer.status()).toBe(200);
}

test("[EE12] a provider that dies in mid-sentence is not noticed in the text, and the receipt says who went on", async ({
  page,
}) => {
  const question = "Tell me of storms [[words:150]]";
  await ask(page, "Reply with OK");
  await waitForEnd(page);
  const first = (await readMessages(page))[1]?.metadata?.legs[0]?.provider ?? "";
  await setFault(page, first, "reset");
  try {
    await ask(page, question);
    await expect(page.getByRole("article", { name: "Answer" })).toHaveCount(2);
    await waitForEnd(page);
    await expect(lastAnswer(page)).toHaveAttribute("data-status", "complete");
    const answer = (await readMessages(page))[3];
    const texts = (answer?.parts ?? []).filter(({ type }) => type === "text");
    expect(texts.map((part) => part["text"])).toEqual([toLongText(150, hashText(question))]);
    const legs = answer?.metadata?.legs ?? [];
    expect(legs.map(({ provider }) => provider)).toEqual([first, expect.not.stringMatching(first)]);
    for (const { provider } of legs) await expect(lastAnswer(page)).toContainText(provider);
  } finally {
    await setFault(page, first, "none");
  }
});

test("[EE13] a question typed without a network is sent once when it is back", async ({ page, context }) => {
  await ask(page, "Reply with one");
  await waitForEnd(page);
  await context.setOffline(true);
  await ask(page, "Reply with two");
  await expect(page.getByText(/Waiting for the connection/).first()).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByRole("article", { name: "Answer" })).toHaveCount(2);
  await waitForEnd(page);
  await page.reload();
  await expect(page.getByRole("article", { name: "Answer" })).toHaveCount(2);
  expect((await readMessages(page)).map(({ role }) => role)).toEqual([
    "user",
    "assistant",
    "user",
    "assistant",
  ]);
});

test("[EE14] an edited question and its answer stand beside the old ones, and both can be seen", async ({
  page,
}) => {
  await ask(page, "Reply with first");
  await waitForEnd(page);
  await page.getByRole("article", { name: "Question" }).hover();
  await page.getByRole("button", { name: "Edit question" }).click();
  const editor = page.getByRole("textbox", { name: "Question", exact: true });
  await editor.fill("Reply with second");
  await editor.press("Enter");
  await expect(lastAnswer(page)).toContainText("second");
  await waitForEnd(page);
  await page.getByRole("button", { name: "Previous version" }).first().click();
  await expect(lastAnswer(page)).toContainText("first");
  await page.getByRole("button", { name: "Next version" }).first().click();
  await expect(lastAnswer(page)).toContainText("second");
});

test("[EE15] a shared link shows the chat to a stranger until it is revoked", async ({ page, browser }) => {
  await ask(page, "Reply with shared words");
  await waitForEnd(page);
  const origin = new URL(page.url()).origin;
  const path = `/api/v1/sessions/${sessionIdOf(page)}/share`;
  const made = await page.request.post(path, { headers: { origin } });
  const { url }: { url: string } = await made.json();
  const stranger = await browser.newPage();
  await stranger.goto(new URL(new URL(url).pathname, origin).toString());
  await expect(stranger.getByText("shared words", { exact: true })).toBeVisible();
  await expect(stranger.getByRole("textbox")).toHaveCount(0);
  await page.request.delete(path, { headers: { origin } });
  await stranger.reload();
  await expect(stranger.getByText("shared words", { exact: true })).toHaveCount(0);
  await stranger.close();
});

test("[EE16] a tool's call and its result stand in the answer", async ({ page }) => {
  await ask(page, 'What is it? [[tool:calculator {"expression":"2+3*4"}]]');
  await waitForEnd(page);
  await expect(lastAnswer(page)).toContainText("calculator");
  await expect(lastAnswer(page)).toContainText("14");
});
