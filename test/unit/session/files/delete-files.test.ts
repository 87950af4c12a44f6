/** What the bucket is asked when a chat is deleted. */
import { expect, test } from "vitest";
import { deleteFiles } from "../../../../src/session/files/delete-files.ts";
import { toFileKey } from "../../../../src/session/files/attachment-path.ts";
import { NOW_MS } from "../answer-fixtures.ts";
import { openTalk } from "../step-world.ts";

/** A bucket that gives so many keys a page. */
function openBucket(keys: readonly string[], pageSize: number) {
  const stored = new Set(keys);
  const asked: string[] = [];
  return {
    stored,
    asked,
    list: ({ prefix }: { readonly prefix: string }) => {
      asked.push("list");
      const found = [...stored].filter((key) => key.startsWith(prefix));
      const objects = found.slice(0, pageSize).map((key) => ({ key }));
      return Promise.resolve({ objects, truncated: found.length > pageSize });
    },
    delete: (gone: string[]) => {
      asked.push(`delete ${gone.length}`);
      for (const key of gone) stored.delete(key);
      return Promise.resolve();
    },
  };
}

test.each([
  { pageSize: 1_000, asked: ["list", "delete 3"] },
  { pageSize: 2, asked: ["list", "delete 2", "list", "delete 1"] },
])(
  "[SE276] is asked once for what lies there, $pageSize a page, and each file is deleted once",
  async (page) => {
    const { store } = openTalk();
    for (const attachmentId of ["a", "b"]) {
      const row = {
        attachmentId,
        name: attachmentId,
        mediaType: "text/plain",
        bytes: 1,
        createdAtMs: NOW_MS,
      };
      store.extras.appendAttachment(row);
    }
    const own = ["a", "b", "unnoted"].map((id) => toFileKey("chat_1", id));
    const bucket = openBucket([...own, toFileKey("chat_2", "c")], page.pageSize);
    await deleteFiles(store, bucket);
    expect(bucket.asked).toEqual(page.asked);
    expect([...bucket.stored]).toEqual([toFileKey("chat_2", "c")]);
    expect(store.extras.listAttachments()).toEqual([]);
  },
);

test("[SE276] is asked nothing more for a chat without files, and what was noted and is gone does no harm", async () => {
  const bare = openTalk();
  const empty = openBucket([], 1_000);
  await deleteFiles(bare.store, empty);
  expect(empty.asked).toEqual(["list"]);
  const row = { attachmentId: "a", name: "a", mediaType: "text/plain", bytes: 1, createdAtMs: NOW_MS };
  bare.store.extras.appendAttachment(row);
  await deleteFiles(bare.store, empty);
  expect(empty.asked).toEqual(["list", "list", "delete 1"]);
  expect(bare.store.extras.listAttachments()).toEqual([]);
});
