/** The tabs of one browser, and who is signed in. */
import { expect, test, type Page } from "@playwright/test";
import { ask, signIn, waitForEnd } from "./person.ts";

test("[WB106] signing out in one tab signs the others out, and nothing typed stays in them", async ({
  page,
  context,
}) => {
  await signIn(page);
  const other = await context.newPage();
  await other.goto("/");
  const box = other.getByRole("textbox", { name: "Message" });
  await box.fill("A secret");
  // Whoever signs in again in another tab loses nothing.
  const third = await context.newPage();
  await signIn(third);
  await third.close();
  await expect(box).toHaveValue("A secret");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(other.getByRole("form", { name: "Sign in" })).toBeVisible();
  await expect(other).toHaveURL(/\/sign-in$/);
  expect(await other.evaluate("Object.keys(sessionStorage)")).toEqual([]);
});

async function signUp(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Name").fill("Bea");
  await page.getByLabel("E-mail").fill(`bea-${Date.now()}@example.org`);
  await page.getByLabel("Password").fill("a long password");
  await page.getByRole("button", { name: "Create account" }).click();
}

test("[WB122] [WB123] a sign-in that ran out is noticed by the next question, and only who typed it finds it again", async ({
  page,
  context,
}) => {
  await signIn(page);
  const box = page.getByRole("textbox", { name: "Message" });
  await context.clearCookies();
  await box.fill("A secret");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("form", { name: "Sign in" })).toBeVisible();
  await signIn(page);
  await expect(box).toHaveValue("A secret");

  await context.clearCookies();
  await page.getByRole("button", { name: "Send" }).click();
  await signUp(page);
  await expect(box).toHaveValue("");
});

test("[WB134] what was typed in a chat that another tab deletes stands in the box of a new one", async ({
  page,
  context,
}) => {
  await signIn(page);
  await ask(page, "Reply with one");
  await waitForEnd(page);
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill("Half a question");
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByRole("button", { name: "Chat menu" }).click();
  await other.getByRole("menuitem", { name: "Delete…" }).click();
  await other.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("This chat was deleted")).toBeVisible();
  await page.getByRole("link", { name: "Start a new chat" }).click();
  await expect(box).toHaveValue("Half a question");
});
