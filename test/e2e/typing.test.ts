/** What a person types: with an input method, while a chat begins, in scripts that go from right to left. */
import { expect, test, type Page } from "@playwright/test";
import { ask, lastAnswer, signIn, waitForEnd } from "./person.ts";

test.beforeEach(({ page }) => signIn(page));

/** A key that an input method takes, as Chromium tells of it, and as Safari does of the one that ends the word. */
async function pressComposing(page: Page, key: string): Promise<void> {
  for (const how of [{ isComposing: true }, { keyCode: 229 }]) {
    await page.evaluate(
      ([name, init]) =>
        document.activeElement?.dispatchEvent(
          new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...init }),
        ),
      [key, how] as const,
    );
  }
}

test("[WB93] the keys of an input method send nothing, keep nothing and stop nothing", async ({ page }) => {
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill("へんかん");
  await pressComposing(page, "Enter");
  await expect(box).toHaveValue("へんかん");
  await expect(page).toHaveURL(/\/$/);

  await ask(page, "Tell me of storms [[words:400]]");
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "streaming");
  await box.fill("つぎ");
  await pressComposing(page, "Enter");
  await pressComposing(page, "Escape");
  await expect(box).toHaveValue("つぎ");
  await page.getByRole("button", { name: "Rename chat" }).click();
  const title = page.getByRole("textbox", { name: "Chat title" });
  await title.fill("あらし");
  await pressComposing(page, "Enter");
  await pressComposing(page, "Escape");
  await expect(title).toHaveValue("あらし");
  await waitForEnd(page);
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "complete");
});
