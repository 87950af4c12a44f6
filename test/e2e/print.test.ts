/** A chat on paper. */
import { expect, test } from "@playwright/test";
import { ask, lastAnswer, signIn, waitForEnd } from "./person.ts";

const WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight"];

test("[WB136] a print holds the whole chat, dark on white, and nothing around it", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  // So low that most of the chat is out of sight, and not drawn.
  await page.setViewportSize({ width: 1280, height: 420 });
  await signIn(page);
  for (const [index, word] of WORDS.entries()) {
    await ask(page, `Reply with ${word}`);
    await expect(lastAnswer(page)).toContainText(word);
    await waitForEnd(page);
    if (index === 0) await expect(page).toHaveURL(/\/c\//);
  }
  const log = page.getByRole("log", { name: "Conversation" });
  await expect(page.getByText("Reply with one", { exact: true }).and(log.locator("div"))).toHaveCount(0);
  // Heard behind the page's own: what is there by then is what is printed.
  await page.evaluate(`addEventListener("beforeprint", () => {
    const questions = [...document.querySelectorAll('[role="log"] [aria-label="Question"]')];
    document.body.dataset.printed = questions.map((one) => one.textContent).join("|");
  })`);
  const readTop = (): Promise<unknown> => page.evaluate(`document.querySelector("[role=log]").scrollTop`);
  const topBefore = await readTop();
  await page.pdf();
  await expect(page.locator("body")).toHaveAttribute(
    "data-printed",
    WORDS.map((word) => `Reply with ${word}`).join("|"),
  );
  await expect(page.getByText("Reply with one", { exact: true }).and(log.locator("div"))).toHaveCount(0);
  await expect.poll(readTop).toBe(topBefore);

  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await expect(lastAnswer(page)).toHaveCSS("color", "rgb(12, 34, 40)");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("button")).toHaveCount(0);
  await expect(page.getByRole("textbox")).toHaveCount(0);
  await expect(page.getByRole("complementary")).toHaveCount(0);
});
