/** A person chats: asks, reloads, opens a second tab, stops, renames, deletes. */
import { expect, test } from "@playwright/test";
import { ask, lastAnswer, signIn, waitForEnd } from "./person.ts";

test.beforeEach(({ page }) => signIn(page));

test("[EE1] a question is answered with markdown, and a receipt stands under it", async ({ page }) => {
  await ask(page, "How do I reverse a list in Python?");
  await expect(page).toHaveURL(/\/c\/chat_/);
  await waitForEnd(page);
  const answer = lastAnswer(page);
  await expect(answer).toHaveAttribute("data-status", "complete");
  await expect(answer.getByRole("heading").first()).toBeVisible();
  await expect(answer.getByRole("table").first()).toBeVisible();
  await expect(answer.getByRole("button", { name: /copy code/i }).first()).toBeVisible();
  await expect(answer).toContainText(/first token \d+ ms/);
  await expect(answer).toContainText(/1 attempt/);
  await expect(page.getByText("Answers come from the sandbox, not from a model")).toBeVisible();
  await expect(page.getByRole("status", { name: /live/i }).or(page.getByText("Live"))).toBeVisible();
});

test("[EE2] a reload in mid-answer goes on to the same end, and a second tab shows the same", async ({
  page,
  context,
}) => {
  await ask(page, "Tell me about harbours [[words:220]]");
  await expect(lastAnswer(page)).toContainText(/\w+ \w+ \w+/);
  await page.reload();
  await expect(lastAnswer(page)).toContainText(/\w+ \w+ \w+/);
  const second = await context.newPage();
  await second.goto(page.url());
  await waitForEnd(page);
  await waitForEnd(second);
  const body = (tab: typeof page) => lastAnswer(tab).locator("p").allInnerTexts();
  expect((await body(page)).join(" ").split(/\s+/).length).toBeGreaterThan(150);
  expect(await body(second)).toEqual(await body(page));
  await page.reload();
  await waitForEnd(page);
  expect(await body(second)).toEqual(await body(page));
});

test("[EE3] stop in one tab ends the answer in both and keeps what was said", async ({ page, context }) => {
  await ask(page, "Count waves [[words:1500]]");
  await expect(lastAnswer(page)).toContainText(/\w+ \w+ \w+/);
  const second = await context.newPage();
  await second.goto(page.url());
  await expect(lastAnswer(second)).toContainText(/\w+ \w+ \w+/);
  await second.getByRole("button", { name: "Stop" }).click();
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "cancelled");
  await expect(lastAnswer(second)).toHaveAttribute("data-status", "cancelled");
  await expect(lastAnswer(page)).toContainText("You stopped this answer.");
  await page.reload();
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "cancelled");
  await expect(lastAnswer(page)).toContainText(/\w+ \w+ \w+/);
});

test("[EE4] a chat is listed under its first question, renamed and deleted", async ({ page }) => {
  const name = `Tide tables ${Date.now()}`;
  await ask(page, `${name} [[words:10]]`);
  await waitForEnd(page);
  const chats = page.getByRole("navigation", { name: "Chats" });
  await expect(chats.getByRole("link", { name: new RegExp(name) })).toBeVisible();
  await page
    .getByRole("button", { name: /rename this chat|rename chat|edit title/i })
    .first()
    .click();
  await page.getByRole("textbox", { name: "Chat title" }).fill("Renamed by hand");
  await page.keyboard.press("Enter");
  await expect(chats.getByRole("link", { name: /Renamed by hand/ })).toBeVisible();
  await page.reload();
  await expect(chats.getByRole("link", { name: /Renamed by hand/ })).toBeVisible();
  await chats.getByRole("link", { name: /Renamed by hand/ }).hover();
  await chats.getByRole("button", { name: /delete.*Renamed by hand/i }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(chats.getByRole("link", { name: /Renamed by hand/ })).toHaveCount(0);
});
