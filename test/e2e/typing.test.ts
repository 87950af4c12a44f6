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

test("[WB94] what is typed while the chat is being made stands in its box", async ({ page }) => {
  await page.route("**/api/v1/sessions", async (route) => {
    await page.getByRole("textbox", { name: "Message" }).fill("Reply with one\nand then two");
    await route.continue();
  });
  await ask(page, "Reply with one");
  await waitForEnd(page);
  await expect(page.getByRole("article", { name: "Question" })).toHaveText(/Reply with one$/);
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue("and then two");
});

test("[WB94] a first question asked without a connection is sent as it stands when it is back", async ({
  page,
  context,
}) => {
  await context.setOffline(true);
  await ask(page, "Reply with old");
  await expect(page.getByRole("note", { name: "Not sent" })).toBeVisible();
  await page.getByRole("textbox", { name: "Message" }).fill("Reply with new");
  await context.setOffline(false);
  await waitForEnd(page);
  await expect(page.getByRole("article", { name: "Question" })).toContainText("Reply with new");
  await expect(lastAnswer(page)).toContainText("new");
});

test("[WB96] Arabic begins at the right: typed, asked and answered", async ({ page }) => {
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill("مرحبا");
  await expect(box).toHaveCSS("direction", "rtl");
  await ask(page, "Reply with مرحبا بكم");
  await waitForEnd(page);
  await expect(lastAnswer(page).getByText("مرحبا بكم")).toHaveCSS("direction", "rtl");
  await ask(page, "مرحبا، كيف حالك؟");
  const question = page.getByRole("article", { name: "Question" }).last();
  await expect(question.getByText("مرحبا")).toHaveCSS("direction", "rtl");
});

test("[WB97] figures stand at the right of their column, and a link that leads nowhere looks like text", async ({
  page,
}) => {
  await ask(page, "A [link](https://example.org) and [none](javascript:alert) in a table");
  await waitForEnd(page);
  const answer = lastAnswer(page);
  await expect(answer.getByRole("cell", { name: /^\d+$/ }).first()).toHaveCSS("text-align", "right");
  const none = answer.locator("a", { hasText: "none" });
  await expect(none).toHaveCSS("text-decoration-line", "none");
  expect(await none.getAttribute("href")).toBeNull();
  await expect(answer.getByRole("link", { name: "link" })).toHaveCSS("text-decoration-line", "underline");
});

test("[WB98] the focus goes on after stopping and after renaming", async ({ page }) => {
  await ask(page, "Tell me of storms [[words:400]]");
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "streaming");
  await page.getByRole("button", { name: "Stop" }).press("Enter");
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "cancelled");
  await expect(page.getByRole("textbox", { name: "Message" })).toBeFocused();
  const rename = page.getByRole("button", { name: "Rename chat" });
  await rename.press("Enter");
  await page.getByRole("textbox", { name: "Chat title" }).fill("Storms");
  await page.keyboard.press("Enter");
  await expect(rename).toBeFocused();
});

test("[WB120] a text that is too long stays whole in its box, which says so", async ({ page }) => {
  const box = page.getByRole("textbox", { name: "Message" });
  await box.focus();
  const text = "word ".repeat(50_000);
  // As a paste does, and not as `fill`: a limit of the box itself would cut it off.
  await page.keyboard.insertText(text);
  const form = page.locator("form", { has: box });
  await expect(form.getByRole("alert")).toContainText("249,999 characters, and 200,000 is the most");
  await expect(page.getByRole("button", { name: "Send" })).toBeDisabled();
  expect(await box.inputValue()).toBe(text);
  await box.fill("Reply with one");
  await expect(form.getByRole("alert")).toHaveCount(0);
  await page.getByRole("button", { name: "Send" }).click();
  await waitForEnd(page);
  await page.getByRole("article", { name: "Question" }).hover();
  await page.getByRole("button", { name: "Edit question" }).click();
  const editor = page.getByRole("form", { name: "Edit question" });
  await editor.getByRole("textbox").focus();
  await page.keyboard.insertText(text);
  await expect(editor.getByRole("alert")).toContainText("too long");
  await expect(editor.getByRole("button", { name: "Ask" })).toBeDisabled();
  expect(await editor.getByRole("textbox").inputValue()).toBe(`Reply with one${text}`);
});

test("[WB121] a question that is taken back stands above what was typed since", async ({ page, context }) => {
  await ask(page, "Reply with one");
  await waitForEnd(page);
  await context.setOffline(true);
  await ask(page, "A question of many words");
  await page.getByRole("textbox", { name: "Message" }).fill("The next one");
  await page.getByRole("button", { name: "Take back" }).click();
  await expect(page.getByRole("article", { name: "Question" })).toHaveCount(1);
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue(
    "A question of many words\n\nThe next one",
  );
});

test("[WB126] the focus goes on after sending by the button and after deleting a chat", async ({ page }) => {
  const box = page.getByRole("textbox", { name: "Message" });
  for (const word of ["alpha", "beta", "gamma"]) {
    await page.goto("/");
    await ask(page, `Reply with ${word}`);
    await waitForEnd(page);
  }
  await box.fill("Reply with delta");
  await page.getByRole("button", { name: "Send" }).press("Enter");
  await expect(box).toBeFocused();
  await waitForEnd(page);

  const list = page.getByRole("navigation", { name: "Chats" });
  await expect(list.getByRole("link", { name: "alpha" }).first()).toBeVisible();
  const dialog = page.getByRole("dialog", { name: "Delete this chat?" });
  await list
    .getByRole("button", { name: /^Delete .*alpha/ })
    .first()
    .press("Enter");
  await dialog.getByRole("button", { name: "Delete" }).press("Enter");
  await expect(list.getByRole("link", { name: "alpha" })).toHaveCount(0);
  await expect(list).toBeFocused();

  await list
    .getByRole("button", { name: /^Delete .*gamma/ })
    .first()
    .press("Enter");
  await dialog.getByRole("button", { name: "Delete" }).press("Enter");
  await expect(list.getByRole("link", { name: "gamma" })).toHaveCount(0);
  await expect(box).toBeFocused();
});

test("[WB130] the focus stays where older chats are shown", async ({ page }) => {
  const made = await page.evaluate(async () => {
    const make = () =>
      fetch("/api/v1/sessions", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
    const answers = [];
    for (let count = 0; count < 51; count += 1) answers.push(await make());
    return answers.filter(({ ok }) => ok).length;
  });
  expect(made).toBe(51);
  await page.reload();
  const list = page.getByRole("navigation", { name: "Chats" });
  const older = list.getByRole("button", { name: "Show older chats" });
  await older.focus();
  while ((await older.count()) > 0) {
    await expect(older).toBeFocused();
    const before = await list.getByRole("listitem").count();
    await page.keyboard.press("Enter");
    await expect.poll(() => list.getByRole("listitem").count()).toBeGreaterThan(before);
  }
  await expect(list).toBeFocused();
});

test("[WB131] Escape empties the search for chats and does not stop the answer", async ({ page }) => {
  await ask(page, "Tell me of storms [[words:400]]");
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "streaming");
  const search = page.getByRole("searchbox", { name: "Search chats" });
  await search.fill("no chat of that name");
  await search.press("Escape");
  await expect(search).toHaveValue("");
  await waitForEnd(page);
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "complete");
});

test("[WB132] a first question whose page was left is not sent, and pulls nobody away", async ({ page }) => {
  await ask(page, "Reply with before");
  await waitForEnd(page);
  await page.goto("/");
  const box = page.getByRole("textbox", { name: "Message" });
  const list = page.getByRole("navigation", { name: "Chats" });
  const held = Promise.withResolvers<void>();
  await page.route("**/api/v1/sessions", async (route) => {
    if (route.request().method() === "POST") await held.promise;
    await route.continue();
  });
  await ask(page, "Reply with slowly");
  await list.getByRole("link").first().click();
  await waitForEnd(page);
  await page.getByRole("link", { name: "New chat" }).first().click();
  await expect(box).toHaveValue("Reply with slowly");
  await box.fill("Something else");
  const waitFor = (method: string) =>
    page.waitForResponse(
      (response) => response.url().includes("/api/v1/sessions") && response.request().method() === method,
    );
  const made = waitFor("POST");
  held.resolve();
  await made;
  // The list is read again at the end of all.
  await waitFor("GET");
  await expect(box).toHaveValue("Something else");
  await expect(page).toHaveURL(/\/$/);
});

test("[WB133] a menu stays open while an answer grows, and not when its button is scrolled away", async ({
  page,
}) => {
  await ask(page, "Reply with one");
  await waitForEnd(page);
  await ask(page, "Tell me of storms [[words:600]]");
  await expect(lastAnswer(page)).toHaveAttribute("data-status", "streaming");
  await page.getByRole("button", { name: "Chat menu" }).click();
  const log = page.getByRole("log", { name: "Conversation" });
  const from = await log.evaluate((element) => element.scrollTop);
  await expect.poll(() => log.evaluate((element) => element.scrollTop)).toBeGreaterThan(from + 100);
  await expect(page.getByRole("menuitem", { name: "Rename" })).toBeVisible();
  await page.keyboard.press("Escape");
  await waitForEnd(page);
  await page.getByRole("button", { name: "Regenerate" }).last().click();
  await expect(page.getByRole("menuitem", { name: /^Try again/ })).toBeVisible();
  await log.evaluate((element) => element.scrollBy(0, -200));
  await expect(page.getByRole("menuitem", { name: /^Try again/ })).toHaveCount(0);
});
