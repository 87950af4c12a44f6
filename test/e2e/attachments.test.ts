/** Files beside a question: added while a chat begins, dropped, too many of them. */
import { expect, test, type Page } from "@playwright/test";
import { signIn, waitForEnd } from "./person.ts";

test.beforeEach(({ page }) => signIn(page));

const toFile = (name: string) => ({
  name,
  mimeType: "text/plain",
  buffer: Buffer.from(`What stands in ${name}`),
});
const choose = (page: Page, ...names: readonly string[]) =>
  page.locator("input[type=file]").setInputFiles(names.map(toFile));
const chips = (page: Page) =>
  page.locator("form").getByRole("list", { name: "Attached files" }).getByRole("listitem");

test("[WB100] a file that is added while the chat is being made stands in its box", async ({ page }) => {
  await page.route("**/api/v1/sessions", async (route) => {
    await choose(page, "second.txt");
    await expect(chips(page)).toHaveCount(2);
    await route.continue();
  });
  await choose(page, "first.txt");
  await expect(chips(page)).toHaveCount(1);
  await page.getByRole("textbox", { name: "Message" }).fill("Reply with one");
  await page.getByRole("button", { name: "Send" }).click();
  await waitForEnd(page);
  const question = page.getByRole("article", { name: "Question" });
  await expect(question).toContainText("first.txt");
  await expect(question).not.toContainText("second.txt");
  await expect(chips(page)).toHaveText([/second\.txt/]);
  await page.getByRole("textbox", { name: "Message" }).fill("Reply with two");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(question.last()).toContainText("second.txt");
});

test("[WB100] a file that is removed while it is sent is left out of the first question", async ({
  page,
}) => {
  await page.route("**/attachments?name=slow.txt", async (route) => {
    await page.getByRole("button", { name: "Remove slow.txt" }).click();
    await route.continue();
  });
  await choose(page, "slow.txt", "quick.txt");
  await expect(chips(page)).toHaveCount(2);
  await page.getByRole("textbox", { name: "Message" }).fill("Reply with one");
  await page.getByRole("button", { name: "Send" }).click();
  const question = page.getByRole("article", { name: "Question" });
  await expect(question).toContainText("quick.txt");
  await expect(question).not.toContainText("slow.txt");
});

test("[WB101] files added quickly after each other are counted together", async ({ page }) => {
  await page.getByRole("textbox", { name: "Message" }).evaluate((box) => {
    for (const round of [1, 2]) {
      const data = new DataTransfer();
      // Names that tell nothing: their bytes are read first.
      for (let index = 0; index < 4; index += 1)
        data.items.add(new File(["words"], `notes-${round}-${index}`));
      box.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }
  });
  await expect(page.getByText(/A question can have \d+ files at most/)).toBeVisible();
  await expect(chips(page)).toHaveCount(5);
});

test("[WB101] a folder among dropped files is refused without the others", async ({ page }) => {
  await page.getByRole("textbox", { name: "Message" }).evaluate((box) => {
    const data = new DataTransfer();
    const folder = new File(["words"], "folder");
    // What Chromium says of a folder's bytes.
    folder.slice = () => {
      throw new DOMException("A requested file or directory could not be found", "NotFoundError");
    };
    data.items.add(new File(["words"], "kept.txt"));
    const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    Object.defineProperty(event, "dataTransfer", {
      value: { types: ["Files"], files: [folder, ...data.files] },
    });
    box.dispatchEvent(event);
  });
  await expect(page.getByText(/folder cannot be attached/)).toBeVisible();
  await expect(chips(page)).toHaveText([/kept\.txt/]);
});
