/** Two tabs of one browser, and who is signed in. */
import { expect, test } from "@playwright/test";
import { signIn } from "./person.ts";

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
