/** The questions that are kept across a reload. Rules WB18 and WB59. */
import { expect, it } from "vitest";
import { readDraft, saveDraft, toUnsent } from "../../../web/session/draft.ts";
import { claimTyped, forgetTyped } from "../../../web/session/forget-typed.ts";
import { readOutbox, saveOutbox } from "../../../web/session/outbox.ts";
import { rescueTyped } from "../../../web/session/rescue-typed.ts";
import type { PendingSend } from "../../../web/session/pending-send.ts";
import { TabStorage } from "./tab-storage.ts";

class ForbiddenStorage extends TabStorage {
  override getItem(): string | null {
    throw new Error("forbidden");
  }
  override setItem(): void {
    throw new Error("forbidden");
  }
}

const PENDING: PendingSend = {
  trigger: "submit-message",
  requestId: "r",
  messageId: "m",
  text: "Hello",
  files: [],
  model: "fast",
  sent: false,
  refusal: null,
  takenBack: false,
  edits: null,
};

it("[WB18] keeps the pending questions of a chat in their order until they are confirmed", () => {
  const storage = new TabStorage();
  const second: PendingSend = {
    ...PENDING,
    messageId: "n",
    files: [{ mediaType: "text/plain", filename: "a.txt", url: "/a" }],
    edits: { messageId: "m", parentId: null, besideIds: ["m"] },
  };
  saveOutbox(storage, "chat_1", [PENDING, second]);
  expect(readOutbox(storage, "chat_1")).toEqual([PENDING, second]);
  expect(readOutbox(storage, "chat_2")).toEqual([]);
  saveOutbox(storage, "chat_1", []);
  expect(storage.length).toBe(0);
});

it("[WB18] keeps no wish for another answer, and drops what it cannot read", () => {
  const storage = new TabStorage();
  saveOutbox(storage, "chat_1", [{ ...PENDING, trigger: "regenerate-message" }]);
  expect(storage.length).toBe(0);
  storage.setItem("breakwater.outbox.chat_1", "{");
  expect(readOutbox(storage, "chat_1")).toEqual([]);
  storage.setItem("breakwater.outbox.chat_1", '{"text":1}');
  expect(readOutbox(storage, "chat_1")).toEqual([]);
});

it("[WB18] reads the single question that an older version of the page kept", () => {
  const storage = new TabStorage();
  const { trigger, requestId, messageId, text, model, sent } = PENDING;
  const kept = JSON.stringify({ trigger, requestId, messageId, text, model, sent });
  storage.setItem("breakwater.outbox.chat_1", kept);
  expect(readOutbox(storage, "chat_1")).toEqual([PENDING]);
});

it("[WB18] works without a storage that may be used", () => {
  const storage = new ForbiddenStorage();
  saveOutbox(storage, "chat_1", [PENDING]);
  expect(readOutbox(storage, "chat_1")).toEqual([]);
});

it("[WB59] keeps what is being typed, a text a chat, until it is gone", () => {
  const storage = new TabStorage();
  saveDraft(storage, "chat_1", "Half a sent");
  saveDraft(storage, "", "For a new chat");
  expect(readDraft(storage, "chat_1")).toBe("Half a sent");
  expect(readDraft(storage, "")).toBe("For a new chat");
  expect(readDraft(storage, "chat_2")).toBe("");
  saveDraft(storage, "chat_1", "");
  expect(storage.length).toBe(1);
  const forbidden = new ForbiddenStorage();
  saveDraft(forbidden, "chat_1", "x");
  expect(readDraft(forbidden, "chat_1")).toBe("");
});

it("[WB94] what was typed on after a question was sent is the rest, or all of it when it is another text", () => {
  expect(toUnsent("Hello", "Hello")).toBe("");
  expect(toUnsent("Hello\nand more ", "Hello")).toBe("and more");
  expect(toUnsent("Something else", "Hello")).toBe("Something else");
  expect(toUnsent(" all of it", "")).toBe("all of it");
});

it("[WB95] whoever signs out leaves no typed text and no question behind, and nothing else is touched", () => {
  const storage = new TabStorage();
  saveDraft(storage, "", "a secret");
  saveDraft(storage, "c1", "another");
  saveOutbox(storage, "c1", [PENDING]);
  storage.setItem("other", "stays");
  forgetTyped(storage);
  expect(readDraft(storage, "") + readDraft(storage, "c1")).toBe("");
  expect(readOutbox(storage, "c1")).toEqual([]);
  expect(storage.getItem("other")).toBe("stays");
});

it("[WB122] what was typed is there for the same person only", () => {
  const storage = new TabStorage();
  // Kept by a version that did not say whose it was.
  saveDraft(storage, "", "Mine");
  claimTyped(storage, "user_a");
  saveOutbox(storage, "chat_1", [PENDING]);
  claimTyped(storage, "user_a");
  expect(readDraft(storage, "")).toBe("Mine");
  expect(readOutbox(storage, "chat_1")).toEqual([PENDING]);
  claimTyped(storage, "user_b");
  expect(readDraft(storage, "")).toBe("");
  expect(readOutbox(storage, "chat_1")).toEqual([]);
  saveDraft(storage, "", "Hers");
  claimTyped(storage, "user_b");
  expect(readDraft(storage, "")).toBe("Hers");
  forgetTyped(storage);
  expect(storage.length).toBe(0);
});

it("[WB134] what was typed in a chat that is gone stands in the box of a new one, once", () => {
  const storage = new TabStorage();
  saveDraft(storage, "", "Typed before");
  saveDraft(storage, "chat_1", "Half a question");
  saveOutbox(storage, "chat_1", [PENDING, { ...PENDING, text: "Not wanted", takenBack: true }]);
  rescueTyped(storage, "chat_1");
  rescueTyped(storage, "chat_1");
  rescueTyped(storage, "chat_2");
  expect(readDraft(storage, "")).toBe("Typed before\n\nHello\n\nHalf a question");
  expect(storage.length).toBe(1);
});
