/** A long list of chats. */
import { expect, test } from "@playwright/test";
import { ask, lastAnswer, signIn, waitForEnd } from "./person.ts";

test("[WB137] a question reads the newest page of the list again, and none of the others", async ({
  page,
}) => {
  const cursors: (string | null)[] = [];
  // Three pages: the newest as the server has it, and two of a person who has asked a lot.
  await page.route(/\/api\/v1\/sessions\?/, async (route) => {
    const cursor = new URL(route.request().url()).searchParams.get("cursor");
    cursors.push(cursor);
    if (cursor === null) {
      const answer = await route.fetch();
      const { sessions }: { sessions: object[] } = await answer.json();
      return route.fulfill({ json: { sessions, nextCursor: "second" } });
    }
    const day = cursor === "second" ? "02" : "01";
    const at = `2020-01-${day}T00:00:00.000Z`;
    const sessions = ["a", "b", "c"].map((name) => ({
      id: `chat_${day}${name}`,
      title: `Chat ${day}${name}`,
      createdAt: at,
      updatedAt: at,
    }));
    return route.fulfill({ json: { sessions, nextCursor: cursor === "second" ? "third" : null } });
  });
  await signIn(page);
  await ask(page, "Reply with one");
  await waitForEnd(page);
  const list = page.getByRole("navigation", { name: "Chats" });
  const older = list.getByRole("button", { name: "Show older chats" });
  await older.click();
  await expect(list.getByRole("link", { name: "Chat 02c" })).toBeVisible();
  await older.click();
  await expect(list.getByRole("link", { name: "Chat 01c" })).toBeVisible();
  await expect(older).toHaveCount(0);
  const readsBefore = cursors.length;
  const newestReads = (): number => cursors.filter((cursor) => cursor === null).length;
  // The second time whatever else the first one led to has been read too.
  for (const word of ["two", "three"]) {
    const before = newestReads();
    await ask(page, `Reply with ${word}`);
    await expect(lastAnswer(page)).toContainText(word);
    await waitForEnd(page);
    await expect.poll(newestReads).toBeGreaterThan(before);
  }
  expect(cursors.slice(readsBefore).filter((cursor) => cursor !== null)).toEqual([]);
  await expect(list.getByRole("link", { name: /^Chat 0/ })).toHaveCount(6);
});
