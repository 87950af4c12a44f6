/** Axe on the pages people spend their time on. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { ask, signIn, waitForEnd } from "./person.ts";

async function expectNoViolation(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa"]).analyze();
  const serious = violations.filter(
    (violation) => violation.impact === "serious" || violation.impact === "critical",
  );
  expect(serious.map((violation) => `${violation.id}: ${violation.nodes[0]?.html}`)).toEqual([]);
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 360]) {
    test(`[EE9] chat and console can be used by everybody, ${colorScheme}, ${width} px`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      await signIn(page);
      await ask(page, "What is a pier? [[words:30]]");
      await waitForEnd(page);
      await expectNoViolation(page);
      const overflow = () => page.evaluate("document.documentElement.scrollWidth - innerWidth");
      expect(await overflow()).toBeLessThanOrEqual(0);
      await page.goto("/console");
      await expect(page.getByRole("region", { name: /openai/i })).toBeVisible();
      await expectNoViolation(page);
      expect(await overflow()).toBeLessThanOrEqual(0);
    });
  }
}

test("[WB110] what is said of the chosen model can be read, light and dark", async ({ page }) => {
  await signIn(page);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.getByRole("button", { name: /^Model/ }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await expectNoViolation(page);
    await page.keyboard.press("Escape");
  }
});

test("[WB127] the models to choose from stand inside a narrow window", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await signIn(page);
  await page.getByRole("button", { name: /^Model/ }).click();
  const panel = await page.getByRole("dialog").boundingBox();
  expect((panel?.x ?? 0) + (panel?.width ?? 999)).toBeLessThanOrEqual(320);
  expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
});

test("[WB139] every tab of the pages is in sight in a narrow window", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await signIn(page);
  await page.goto("/keys");
  const tabs = page.getByRole("navigation", { name: "Pages" }).getByRole("link");
  await expect(tabs).toHaveCount(5);
  for (const tab of await tabs.all()) await expect(tab).toBeInViewport({ ratio: 1 });
  expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
});

test("[WB128] at 400 % the chats can be reached and an answer can be read", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 256 });
  await signIn(page);
  await ask(page, "What is a mole? [[words:200]]");
  await waitForEnd(page);
  const room = await page.getByRole("log", { name: "Conversation" }).boundingBox();
  expect(room?.height).toBeGreaterThanOrEqual(150);
  await page.getByRole("textbox", { name: "Message" }).focus();
  await expect(page.getByRole("textbox", { name: "Message" })).toBeInViewport();
  await page.getByRole("button", { name: "Toggle sidebar" }).click();
  const drawer = page.getByRole("dialog", { name: "Chats" });
  await drawer.getByRole("link", { name: /mole/ }).first().click({ timeout: 5_000 });
  await expect(drawer).toHaveCount(0);
});

test("[WB129] in forced colours the health and the chosen model are still seen", async ({ page }) => {
  await signIn(page);
  await page.emulateMedia({ forcedColors: "active" });
  await page.getByRole("button", { name: /^Model/ }).click();
  const choices = page.getByRole("radiogroup", { name: "Model" });
  // The green of the page, which the browser would have replaced by the colour of the ground.
  await expect(choices.getByRole("img", { name: "Healthy" }).first()).toHaveCSS(
    "background-color",
    "rgb(20, 108, 61)",
  );
  const chosen = choices.locator("label", { has: page.getByRole("radio", { checked: true }) });
  await expect(chosen).toHaveCSS("outline-style", "solid");
});
