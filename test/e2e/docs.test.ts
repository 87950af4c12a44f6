/** The API's documentation in a browser: reading it, trying it with a key and with a sign-in, without a network. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { signIn } from "./person.ts";
import { readCredentials } from "./product.ts";
import { e2eStateFolder } from "./start-product.ts";

const readKey = async (): Promise<string> => (await readCredentials(e2eStateFolder())).apiKey;

const answerOf = (page: Page) => page.getByRole("region", { name: "Answer", exact: true });

async function expectNoViolation(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa"]).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
}

test("[WB77] a typed key asks a model as a stream, and stays nowhere but in the request", async ({
  page,
}) => {
  const key = await readKey();
  await page.goto("/docs/createChatCompletion");
  await page.getByLabel("API key").fill(key);
  await page.getByRole("textbox", { name: "Body" }).fill(
    JSON.stringify({
      model: "fast",
      stream: true,
      messages: [{ role: "user", content: "Please reply with fine weather" }],
    }),
  );
  const sent = page.waitForRequest((request) => request.url().endsWith("/v1/chat/completions"));
  await page.getByRole("button", { name: "Send" }).click();
  expect((await sent).headers()["authorization"]).toBe(`Bearer ${key}`);
  await expect(answerOf(page)).toContainText("fine weather");
  await expect(answerOf(page)).toContainText("data: [DONE]");
  await expect(answerOf(page).getByRole("status")).toContainText("200");
  const kept = await page.evaluate(() =>
    JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), location.href]),
  );
  expect(kept).not.toContain(key);
  expect(await page.locator("body").innerText()).not.toContain(key);
  // Other operations of the same page have it, a reload does not.
  await page.getByRole("link", { name: "Your chats, newest first" }).click();
  await expect(page.getByLabel("API key")).toHaveValue(key);
  await page.reload();
  await expect(page.getByLabel("API key")).toHaveValue("");
});

test("[WB77] without a key, whoever is signed in reads, and nothing else is sent", async ({ page }) => {
  await signIn(page);
  await page.goto("/docs/listSessions");
  await expect(page.getByText("is asked in the name of")).toBeVisible();
  await page.getByLabel("limit").fill("3");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(answerOf(page)).toContainText("nextCursor");
  await page.goto("/docs/createSession");
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.method()));
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("alert")).toContainText("API key first");
  // The page itself may still read its parts.
  expect(requests.filter((method) => method !== "GET")).toEqual([]);
});

test("[WB78] an answer that is being written is stopped", async ({ page }) => {
  await page.goto("/docs/createMessage");
  await page.getByLabel("API key").fill(await readKey());
  await page.getByRole("textbox", { name: "Body" }).fill(
    JSON.stringify({
      model: "fast",
      max_tokens: 4_000,
      stream: true,
      messages: [{ role: "user", content: "Waves [[words:400]]" }],
    }),
  );
  await page.getByRole("button", { name: "Send" }).click();
  await expect(answerOf(page)).toContainText("content_block_delta");
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(answerOf(page)).toContainText("You stopped it.");
  await expect(answerOf(page)).not.toContainText("message_stop");
  await expect(page.getByRole("button", { name: "Send" })).toBeEnabled();
});

test("[WB80] says what went wrong with the document, and tries again", async ({ page }) => {
  await page.route("**/openapi.json", (route) => route.fulfill({ status: 503, body: "" }));
  await page.goto("/docs");
  await expect(page.getByRole("status", { name: "Loading" }).first()).toBeVisible();
  await expect(page.getByRole("alert")).toContainText("503");
  await page.unroute("**/openapi.json");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "The Breakwater API" })).toBeVisible();
});

test("[WB80] offline it says so, and keeps what was written", async ({ page, context }) => {
  await page.goto("/docs/createChatCompletion");
  await page.getByLabel("API key").fill(await readKey());
  const body = page.getByRole("textbox", { name: "Body" });
  await body.fill('{"model": "fast", "messages": [{"role": "user", "content": "Please reply with back"}]}');
  await context.setOffline(true);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("alert")).toContainText("You are offline");
  await expect(body).toHaveValue(/Please reply with back/);
  await context.setOffline(false);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(answerOf(page)).toContainText('"content": "back"');
});

test("[WB80] its script is loaded on this page alone, under our policy, without a word on the console", async ({
  page,
}) => {
  const scripts: string[] = [];
  const said: string[] = [];
  page.on("request", (request) => {
    if (request.resourceType() === "script") scripts.push(new URL(request.url()).pathname);
  });
  page.on("console", (message) => {
    // A stranger's question who they are is refused, and the browser notes it.
    if (message.type() === "error" && !message.text().includes("401")) said.push(message.text());
  });
  await page.goto("/sign-in");
  await expect(page.getByLabel("E-mail")).toBeVisible();
  expect(scripts.filter((path) => path.includes("docs"))).toEqual([]);
  await page.goto("/docs");
  await expect(page.getByRole("heading", { name: "The Breakwater API" })).toBeVisible();
  expect(scripts.filter((path) => path.includes("docs"))).toHaveLength(1);
  for (const script of scripts) expect(script).toMatch(/^\/(?:assets\/|theme\.js)/);
  expect(said).toEqual([]);
});

test("[WB80] is used by keyboard: found, opened, filled in, sent", async ({ page }) => {
  await page.goto("/docs");
  await page.getByLabel("Search operations").focus();
  await page.keyboard.type("router health");
  // The overview, then what was found.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/docs\/readRouterHealth$/);
  await page.getByRole("button", { name: "Send" }).focus();
  await page.keyboard.press("Enter");
  await expect(answerOf(page)).toContainText('"status": "healthy"');
  const field = page.getByRole("button", { name: /^breakwater/ });
  await page.goto("/docs/createChatCompletion");
  await field.focus();
  await page.keyboard.press("Enter");
  await expect(field).toHaveAttribute("aria-expanded", "true");
  await expect(page.getByText("Who gave which part, in order.")).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 360]) {
    test(`[WB80] can be used by everybody, ${colorScheme}, ${width} px`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      await page.goto("/docs");
      await expect(page.getByRole("heading", { name: "The Breakwater API" })).toBeVisible();
      await expectNoViolation(page);
      if (width < 1024) {
        await page.getByRole("button", { name: "Show the operations" }).click();
        await expectNoViolation(page);
        await page
          .getByRole("dialog")
          .getByRole("link", { name: "Ask on OpenAI's Chat Completions wire" })
          .click();
      } else {
        await page.goto("/docs/createChatCompletion");
      }
      await page.getByLabel("API key").fill(await readKey());
      const body = { model: "fast", messages: [{ role: "user", content: "Please reply with OK" }] };
      await page.getByRole("textbox", { name: "Body" }).fill(JSON.stringify(body));
      await page.getByRole("button", { name: "Send" }).click();
      await expect(answerOf(page)).toContainText("finish_reason");
      await expectNoViolation(page);
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    });
  }
}
