/** Dialogs: what closes them, and what must not. */
import { expect, test } from "@playwright/test";
import { ask, signIn, waitForEnd } from "./person.ts";

test.beforeEach(({ page }) => signIn(page));

test("[WB103] a new key is there until its reader says that it is copied", async ({ page }) => {
  await page.goto("/keys");
  await page.getByLabel("Name of the key").fill("A script");
  await page.getByRole("button", { name: "Create key" }).click();
  const dialog = page.getByRole("dialog", { name: "Your new key" });
  await expect(dialog.getByLabel("API key", { exact: true })).toHaveText(/^\S{20,}$/);
  for (let press = 0; press < 3; press += 1) await page.keyboard.press("Escape");
  await page.mouse.click(5, 5);
  await page.evaluate("document.querySelector('dialog').close()");
  await expect(dialog).toBeVisible();
  const asked = page.waitForEvent("dialog");
  const leaving = page.evaluate("location.reload()");
  const question = await asked;
  expect(question.type()).toBe("beforeunload");
  await question.dismiss();
  await leaving;
  await dialog.getByRole("button", { name: "I have copied it" }).click();
  await expect(dialog).toHaveCount(0);
});

test("[WB104] a dialog closes by Escape and beside it, not by its padding or the end of a drag", async ({
  page,
}) => {
  await page.goto("/keys");
  await page.getByLabel("Name of the key").fill("Another script");
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("button", { name: "I have copied it" }).click();
  const revoke = page.getByRole("button", { name: "Revoke Another script" });
  const dialog = page.getByRole("dialog", { name: "Revoke this key?" });
  await revoke.click();
  await dialog.click({ position: { x: 6, y: 6 } });
  await dialog.getByRole("paragraph").hover();
  await page.mouse.down();
  await page.mouse.move(5, 5);
  await page.mouse.up();
  await expect(dialog).toBeVisible();
  await page.mouse.click(5, 5);
  await expect(dialog).toHaveCount(0);
  await revoke.press("Enter");
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(revoke).toBeFocused();
});

test("[WB108] a dialog says what went wrong, and the focus stays near what it removed", async ({ page }) => {
  await page.goto("/keys");
  await page.getByLabel("Name of the key").fill("A third script");
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("button", { name: "I have copied it" }).click();
  await page.getByRole("button", { name: "Revoke A third script" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Revoke this key?" });
  await page.route("**/api/v1/keys/*", (route) => route.abort());
  await dialog.getByRole("button", { name: "Revoke" }).press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("cannot be reached");
  await page.unroute("**/api/v1/keys/*");
  await dialog.getByRole("button", { name: "Revoke" }).press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("list", { name: "Keys" })).toBeFocused();
});

test("[WB109] a dialog that is higher than a phone begins with its title", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 700 });
  await page.goto("/console");
  await page
    .getByRole("button", { name: /Policy/ })
    .first()
    .click();
  await expect(page.getByRole("heading", { name: /^Policy of/ })).toBeInViewport();
});

test("[WB124] [WB125] a new link is there until its dialog is closed, and what goes wrong is said above that", async ({
  page,
}) => {
  await ask(page, "Reply with one");
  await waitForEnd(page);
  await page.getByRole("button", { name: "Chat menu" }).click();
  await page.getByRole("menuitem", { name: "Share…" }).click();
  const dialog = page.getByRole("dialog", { name: "Share this chat" });
  await dialog.getByRole("button", { name: "Make a link" }).click();
  await expect(dialog.getByLabel("Link", { exact: true })).toHaveValue(/shared/);
  for (let press = 0; press < 3; press += 1) await page.keyboard.press("Escape");
  await page.mouse.click(5, 5);
  await expect(dialog.getByLabel("Link", { exact: true })).toBeVisible();

  await page.evaluate("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))");
  await dialog.getByRole("button", { name: "Copy link" }).click();
  const said = dialog.getByText("The browser did not allow copying");
  await expect(said).toBeVisible();
  // Nothing lies above it: a press on it meets it.
  await said.click({ timeout: 3_000 });

  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(dialog).toHaveCount(0);
});
