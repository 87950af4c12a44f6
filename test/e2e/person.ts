/** What a person does in the browser, in words. */
import { expect, type Page } from "@playwright/test";
import { e2eStateFolder } from "./start-product.ts";
import { readCredentials, type Product } from "./product.ts";

/** Signs in as the seeded admin, of the product that all tests share unless another is given; waits for the composer. */
export async function signIn(page: Page, product?: Pick<Product, "url" | "credentials">): Promise<void> {
  const { admin } = product?.credentials ?? (await readCredentials(e2eStateFolder()));
  await page.goto(`${product?.url ?? ""}/sign-in`);
  await page.getByLabel("E-mail").fill(admin.email);
  await page.getByLabel("Password").fill(admin.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
}

export async function ask(page: Page, question: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(question);
  await page.getByRole("button", { name: "Send" }).click();
}

/** The last answer on the page. */
export function lastAnswer(page: Page) {
  return page.getByRole("article", { name: "Answer" }).last();
}

/** Waits until the last answer has ended, in whatever state. */
export async function waitForEnd(page: Page): Promise<void> {
  await expect(lastAnswer(page)).toHaveAttribute("data-status", /complete|incomplete|failed|cancelled/, {
    timeout: 30_000,
  });
}
