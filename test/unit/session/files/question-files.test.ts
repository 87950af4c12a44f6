/** Files that stand in a question are attached before it is asked, and nothing is left of those that are not taken. */
import { describe, expect, it } from "vitest";
import { MAX_ATTACHMENT_BYTES } from "../../../../src/protocol/session-api.ts";
import { SendFrame } from "../../../../src/protocol/session-frame.ts";
import { toAttachmentUrl } from "../../../../src/session/files/attachment-path.ts";
import { readFileParts } from "../../../../src/session/context/to-prompt.ts";
import { JPEG, PNG, toUtf8 } from "../../../fixtures/tiny-files.ts";
import { ChatWorld } from "../chat-world.ts";
import { openQuestionFiles, type FakeBucket } from "../question-files-world.ts";

const toUrl = (mediaType: string, bytes: Uint8Array): string =>
  `data:${mediaType};base64,${Buffer.from(bytes).toString("base64")}`;
const toFile = (mediaType: string, bytes: Uint8Array, more: object = {}) => ({
  type: "file",
  mediaType,
  url: toUrl(mediaType, bytes),
  ...more,
});
const toText = (text: string) => ({ type: "text", text });

function toFrame(requestId: string, parts: readonly object[], more: object = {}): SendFrame {
  const messages = [{ id: `user-${requestId}`, role: "user", parts }];
  return SendFrame.parse({
    type: "send",
    requestId,
    id: "chat",
    trigger: "submit-message",
    messages,
    ...more,
  });
}

function start(more: Parameters<typeof openQuestionFiles>[2] = {}) {
  const world = new ChatWorld();
  const bucket: FakeBucket = new Map();
  const files = openQuestionFiles(world, bucket, more);
  const socket = world.connect(false);
  const ask = (frame: SendFrame) => files.ask(frame, (moved) => world.chat.ask(socket, moved));
  const urls = (): string[] =>
    world.chat.view
      .readNewest(100)
      .messages.flatMap((message) => readFileParts(message).map(({ url }) => url));
  const names = (): string[] => world.store.extras.listAttachments().map(({ name }) => name);
  const errors = (): string[] =>
    socket.frames.flatMap((frame) => (frame.type === "error" ? [frame.errorText] : []));
  return { world, bucket, files, socket, ask, urls, names, errors };
}

describe("the files of a question", () => {
  it("[SE240] are attached before it is asked: its message has their addresses", async () => {
    const { world, bucket, ask, urls } = start();
    const parts = [
      toText("Look"),
      toFile("image/png", PNG, { filename: " a\nb.png " }),
      toFile("text/plain", toUtf8("Grüße")),
    ];
    expect(await ask(toFrame("r1", parts))).toEqual({ ok: true, value: null });
    const rows = world.store.extras.listAttachments();
    expect(rows.map(({ name, mediaType, bytes }) => [name, mediaType, bytes])).toEqual([
      ["a b.png", "image/png", PNG.length],
      ["file", "text/plain", 7],
    ]);
    expect(urls()).toEqual(rows.map(({ attachmentId }) => toAttachmentUrl("chat_1", attachmentId)));
    expect([...bucket.values()].map((bytes) => [...bytes])).toEqual([[...PNG], [...toUtf8("Grüße")]]);
    await world.finish();
    expect(world.chat.view.readNewest(1).hasOlder).toBe(true);
  });

  it("[SE240] that come again, in a further question or the same one, are the same files", async () => {
    const { world, bucket, ask, urls, names } = start();
    const picture = toFile("image/png", PNG, { filename: "a.png" });
    await ask(toFrame("r1", [picture, picture]));
    await world.finish();
    await ask(toFrame("r2", [toText("And now?"), picture]));
    await world.finish();
    const again = toFrame("r3", [picture, picture], { trigger: "regenerate-message" });
    const [message] = again.messages;
    await ask({ ...again, messages: message === undefined ? [] : [{ ...message, id: "user-r1" }] });
    await world.finish();
    expect(names()).toEqual(["a.png"]);
    expect(bucket.size).toBe(1);
    expect(new Set(urls()).size).toBe(1);
    expect(world.calls).toHaveLength(3);
  });

  it("[SE240] of an edit that is clicked twice are those of one edit", async () => {
    const { world, ask } = start();
    await ask(toFrame("r1", [toText("Count to 2"), toFile("image/png", PNG)]));
    await world.finish();
    const edit = (requestId: string) => {
      const frame = toFrame(requestId, [toText("Count to 30"), toFile("image/jpeg", JPEG)]);
      return {
        ...frame,
        messageId: "user-r1",
        messages: frame.messages.map((each) => ({ ...each, id: "user-r1" })),
      };
    };
    await Promise.all([ask(edit("r2")), ask(edit("r3"))]);
    await world.finish();
    expect(world.calls).toHaveLength(2);
  });

  it("[SE247] are asked about where an edit with other ones is tried again as AI SDK's clients do, with the same words", async () => {
    const { world, ask } = start();
    const again = (requestId: string, ...files: object[]): SendFrame => {
      const frame = toFrame(requestId, [toText("What is it?"), ...files], { trigger: "regenerate-message" });
      return { ...frame, messages: frame.messages.map((each) => ({ ...each, id: "user-r1" })) };
    };
    await ask(toFrame("r1", [toText("What is it?"), toFile("image/png", PNG)]));
    await world.finish();
    await ask(again("r2", toFile("image/jpeg", JPEG)));
    await world.finish();
    const [edited, answer] = world.chat.view.readNewest(2).messages;
    expect(edited === undefined ? [] : readFileParts(edited).map(({ mediaType }) => mediaType)).toEqual([
      "image/jpeg",
    ]);
    // Each is known again, and one without its files by its words.
    for (const [requestId, files] of [
      ["r3", [toFile("image/png", PNG)]],
      ["r4", [toFile("image/jpeg", JPEG)]],
      ["r5", []],
    ] as const) {
      await ask(again(requestId, ...files));
      await world.finish();
    }
    expect(world.disk.all("select count(*) as n from message where role = 'user'")).toEqual([{ n: 2 }]);
    expect(answer?.parentId).toBe(edited?.id);
    expect(world.calls).toHaveLength(5);
  });

  it("[SE241] leave nothing behind where the question is refused", { timeout: 20_000 }, async () => {
    const { bucket, ask, names, errors } = start();
    await ask(toFrame("r1", [toFile("image/png", PNG)], { body: { model: "no-such-model" } }));
    await ask(toFrame("r2", [toFile("image/png", PNG), toFile("image/png", PNG.subarray(0, 40))]));
    await ask(toFrame("r3", [toFile("text/plain", new Uint8Array())]));
    await ask(toFrame("r4", [toFile("text/plain", new Uint8Array(MAX_ATTACHMENT_BYTES + 1).fill(97))]));
    expect(errors()).toEqual([
      "There is no model no-such-model.",
      "The picture is not whole: it is cut off or damaged.",
      "A file of this message is empty.",
      "A file may have at most 5242880 bytes: one of this message has more.",
    ]);
    expect([names(), bucket.size]).toEqual([[], 0]);
  });

  it("[SE241] leave nothing behind where the chat breaks on the question, and come again with the next try", async () => {
    const { world, bucket, ask, names } = start();
    const append = world.store.messages.append.bind(world.store.messages);
    world.store.messages.append = () => {
      throw new Error("storage is away");
    };
    const frame = toFrame("r1", [toFile("image/png", PNG)]);
    await expect(ask(frame)).rejects.toThrow("storage is away");
    expect([names(), bucket.size]).toEqual([[], 0]);
    world.store.messages.append = append;
    await ask(frame);
    await world.finish();
    expect([names().length, bucket.size]).toEqual([1, 1]);
  });

  it("[SE241] that another question has stay where that one is refused", async () => {
    const { world, bucket, ask, urls } = start();
    const picture = toFile("image/png", PNG);
    await Promise.all([
      ask(toFrame("r1", [picture], { body: { model: "no-such-model" } })),
      ask(toFrame("r2", [picture])),
      ask(toFrame("r3", [picture], { body: { model: "no-such-model" } })),
    ]);
    await world.finish();
    expect([urls().length, bucket.size]).toEqual([1, 1]);
  });

  it("[SE241] that cannot be stored are not asked with, and those that were stored are removed", async () => {
    const stored: FakeBucket = new Map();
    const failures: unknown[] = [];
    const { world, ask, names } = start({
      put: (key, bytes) => {
        if (stored.size > 0) return Promise.reject(new Error("R2 is away"));
        stored.set(key, bytes);
        return Promise.resolve();
      },
      remove: (keys) => {
        for (const key of keys) stored.delete(key);
        return Promise.resolve();
      },
      noteFailure: (_, error) => failures.push(error),
    });
    const asked = await ask(toFrame("r1", [toFile("image/png", PNG), toFile("image/jpeg", JPEG)]));
    expect(asked).toMatchObject({ ok: false, error: { isAway: true } });
    expect([names(), stored.size, failures.length, world.path()]).toEqual([[], 0, 1, []]);
  });

  it("[SE241] that come while their chat is being deleted leave no byte", async () => {
    const bucket: FakeBucket = new Map();
    let isGone = false;
    const { ask, names } = start({
      readSessionId: () => (isGone ? null : "chat_1"),
      put: (key, bytes) => {
        bucket.set(key, bytes);
        isGone = true;
        return Promise.resolve();
      },
      remove: (keys) => {
        for (const key of keys) bucket.delete(key);
        return Promise.resolve();
      },
    });
    const asked = await ask(toFrame("r1", [toFile("image/png", PNG)]));
    expect(asked).toMatchObject({ ok: false, error: { isAway: false } });
    expect([names(), bucket.size]).toEqual([[], 0]);
  });

  it("[SE241] are 500 in a chat, and three questions with them are on their way at once", async () => {
    const { world, bucket, ask } = start();
    for (let at = 0; at < 499; at += 1) {
      const row = { name: "x", mediaType: "text/plain", bytes: 1, createdAtMs: 0 };
      world.store.extras.appendAttachment({ ...row, attachmentId: `file_${at}` });
    }
    const full = await ask(toFrame("r1", [toFile("image/png", PNG), toFile("image/jpeg", JPEG)]));
    expect(full).toMatchObject({ ok: false, error: { isAway: false } });
    expect(bucket.size).toBe(0);
    const many = await Promise.all(
      ["a", "b", "c", "d"].map((id) => ask(toFrame(id, [toFile("image/png", PNG)]))),
    );
    expect(many.map(({ ok }) => ok)).toEqual([true, true, true, false]);
    expect(bucket.size).toBe(1);
  });
});
