/** AI SDK's `useChat` for React, unmodified, at the application's own door. */
import {
  DefaultChatTransport,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  type UIMessage,
} from "ai";
import { describe, expect, it } from "vitest";
import { say } from "../../session/chat-world.ts";
import { toCall, toWordOptions } from "../../session/word-world.ts";
import { ChatPage, startProduct, textOf } from "./use-chat.ts";

describe("useChat", () => {
  it("[HT130] asks, shows the words as they come, and asks on", async () => {
    const product = startProduct();
    const page = new ChatPage(product);
    await page.open();
    await page.until(() => page.chat.sendMessage({ text: "Count to 40" }), 500);
    expect(page.chat.status).toBe("streaming");
    const part = page.text;
    expect(part).toMatch(/^Count to 40w0 w1 /);
    await page.until(() => Promise.resolve());
    expect(page.chat.status).toBe("ready");
    expect(page.text.startsWith(part)).toBe(true);
    expect(page.text).toMatch(/w39 $/);
    expect(page.statuses).toEqual(["ready", "streaming", "ready"]);
    await page.until(() => page.chat.sendMessage({ text: "And 2" }));
    expect(product.chats.path()).toEqual(page.chat.messages.map(textOf));
    expect(page.chat.messages).toHaveLength(4);
  });

  it("[HT131] asks for another answer, and edits its question", async () => {
    const product = startProduct();
    const page = new ChatPage(product);
    await page.open();
    await page.until(() => page.chat.sendMessage({ text: "Count to 2" }));
    const [question, answer] = page.chat.messages;
    await page.until(() => page.chat.regenerate());
    expect(page.chat.messages[1]?.id).not.toBe(answer?.id);
    await page.until(() => page.chat.sendMessage({ text: "Count to 4", messageId: question?.id ?? "" }));
    expect(product.chats.path()).toEqual(["Count to 4", "w0 w1 w2 w3 "]);
    expect(page.text).toBe("Count to 4w0 w1 w2 w3 ");
    expect(product.answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it("[HT201] tries a question again that did not arrive: it is asked, and nothing is answered in its place", async () => {
    const product = startProduct();
    const page = new ChatPage(product);
    await page.open({ id: "a chat" });
    for (const text of ["Count to 2", "Count to 4"]) {
      product.failNext();
      await page.until(() => page.chat.sendMessage({ text }));
      expect(page.chat.status).toBe("error");
      // What AI SDK's documentation puts behind "Retry".
      await page.until(() => page.chat.regenerate());
      expect([page.chat.status, page.chat.error]).toEqual(["ready", undefined]);
    }
    expect(product.chats.path()).toEqual(["Count to 2", "w0 w1 ", "Count to 4", "w0 w1 w2 w3 "]);
    expect(page.text).toBe(product.chats.path().join(""));
    expect(product.chats.calls).toHaveLength(2);
  });

  it("[HT201] has another answer to the question that it shows: edited, or in a page that others have left behind", async () => {
    const product = startProduct();
    const [page, behind] = [new ChatPage(product), new ChatPage(product)];
    await page.open({ id: "a chat" });
    await page.until(() => page.chat.sendMessage({ text: "Count to 2" }));
    await behind.open({ id: "a chat", messages: page.chat.messages });
    const id = page.chat.messages[0]?.id ?? "";
    await page.until(() => page.chat.sendMessage({ text: "Count to 4", messageId: id }));
    await page.until(() => page.chat.regenerate({ messageId: id }));
    expect(page.text).toBe("Count to 4w0 w1 w2 w3 ");
    expect(product.chats.path()).toEqual(["Count to 4", "w0 w1 w2 w3 "]);
    await page.until(() => page.chat.sendMessage({ text: "Count to 3" }));
    await behind.until(() => behind.chat.regenerate());
    expect(behind.text).toBe("Count to 2w0 w1 ");
    expect(product.chats.path()).toEqual(["Count to 2", "w0 w1 "]);
    // An edit that did not arrive is tried again in the same way.
    product.failNext();
    await behind.until(() => behind.chat.sendMessage({ text: "Count to 5", messageId: id }));
    await behind.until(() => behind.chat.regenerate());
    expect(behind.text).toBe("Count to 5w0 w1 w2 w3 w4 ");
    expect(product.chats.path()).toEqual(["Count to 5", "w0 w1 w2 w3 w4 "]);
  });

  it("[SE143] asks an edit once, however often it is clicked, also as AI SDK sends on without a message", async () => {
    const product = startProduct();
    const page = new ChatPage(product);
    await page.open({ id: "a chat" });
    await page.until(() => page.chat.sendMessage({ text: "Count to 2" }));
    const messageId = page.chat.messages[0]?.id ?? "";
    const edit = () => page.chat.sendMessage({ text: "Count to 40", messageId });
    await page.until(() => Promise.all([edit(), edit()]));
    expect(product.chats.calls).toHaveLength(2);
    expect(product.chats.path()).toEqual(page.chat.messages.map(textOf));
    const other = new ChatPage(product);
    await other.open({ id: "a chat", messages: page.chat.messages.slice(0, 1) });
    await page.until(() => page.chat.regenerate(), 100);
    await other.until(() => other.chat.sendMessage());
    expect(product.chats.calls).toHaveLength(3);
    expect(other.text).toBe(product.chats.path().join(""));
  });

  it("[HT134] goes on in a page that is opened in mid-answer, and finds nothing in a new chat", async () => {
    const product = startProduct();
    const first = new ChatPage(product);
    await first.open({ id: "a chat", resume: true });
    expect([first.chat.status, product.answers[0]?.status]).toEqual(["ready", 204]);
    await first.until(() => first.chat.sendMessage({ text: "Count to 60" }), 600);
    const second = new ChatPage(product);
    await second.open({ id: "a chat", resume: true, messages: first.chat.messages.slice(0, 1) });
    await first.until(() => Promise.resolve());
    expect(second.text).toBe(first.text);
    expect(second.text).toMatch(/w59 $/);
    expect([second.chat.status, second.chat.messages]).toEqual(["ready", first.chat.messages]);
  });

  it("[HT135] stops reading with its `stop`, and the answer is there for who comes back", async () => {
    const product = startProduct();
    const page = new ChatPage(product);
    await page.open();
    await page.until(() => page.chat.sendMessage({ text: "Count to 60" }), 600);
    await page.until(() => page.chat.stop(), 100);
    expect([page.chat.status, page.chat.error]).toEqual(["ready", undefined]);
    expect(page.text).not.toMatch(/w59 $/);
    await page.until(() => page.chat.resumeStream());
    expect(page.text).toMatch(/w59 $/);
    expect(product.chats.statuses()).toEqual([undefined, "complete"]);
  });

  it("[HT283] that was cut off gets the whole answer also after its end, once and with its receipt", async () => {
    const product = startProduct();
    const page = new ChatPage(product);
    await page.open({ id: "a chat" });
    await page.until(() => page.chat.sendMessage({ text: "Count to 60" }), 600);
    await page.until(() => page.chat.stop());
    const part = page.text;
    expect(product.chats.statuses()).toEqual([undefined, "complete"]);
    await page.until(() => page.chat.resumeStream());
    expect(page.text.length).toBeGreaterThan(part.length);
    const stored = product.chats.chat.view.readNewest(10).messages;
    expect(page.chat.messages[1]).toMatchObject({ id: stored[1]?.id, parts: stored[1]?.parts });
    expect(page.chat.messages[1]?.metadata).toEqual(stored[1]?.metadata);
    // A page that has all of it has it once.
    const other = new ChatPage(product);
    await other.open({ id: "a chat", resume: true, messages: page.chat.messages });
    await other.until(() => Promise.resolve());
    expect([other.chat.status, other.chat.messages]).toEqual(["ready", page.chat.messages]);
    await product.chats.clock.advance(16 * 60_000);
    await page.until(() => page.chat.resumeStream());
    expect(product.answers.map(({ status }) => status)).toEqual([200, 200, 200, 204]);
  });

  it("[HT283] whose answer broke off with its object gets it also after its end, and what was read whole is 204", async () => {
    const product = startProduct();
    const page = new ChatPage(product);
    await page.open();
    await page.until(() => page.chat.sendMessage({ text: "Count to 60" }), 600);
    await page.until(() => Promise.resolve(product.crash()), 0);
    await page.until(() => Promise.resolve());
    await page.until(() => page.chat.resumeStream());
    expect(page.text).toMatch(/^Count to 60w0 .*w59 $/);
    await page.until(() => page.chat.sendMessage({ text: "Count to 2" }));
    await page.until(() => page.chat.resumeStream());
    expect(product.answers.map(({ status }) => status)).toEqual([200, 200, 200, 204]);
    expect(page.chat.messages).toHaveLength(4);
  });

  it("[SE252] has read all of an answer that somebody meanwhile only looked for: it is not given again", async () => {
    const product = startProduct();
    const page = new ChatPage(product);
    await page.open();
    await page.until(() => page.chat.sendMessage({ text: "Count to 60" }), 600);
    const look = () => product.fetch("/api/chat/" + page.chat.id + "/stream", { method: "HEAD" });
    await page.until(look, 100);
    await page.until(() => Promise.resolve());
    expect(page.text).toMatch(/w59 $/);
    await page.until(() => page.chat.resumeStream());
    expect(product.answers.map(({ status }) => status)).toEqual([200, 200, 204]);
  });

  it("[HT341] whose connection died without a close gets the whole answer also after its end, who has it gets none", async () => {
    const product = startProduct();
    const { chats } = product;
    const message = { id: "m1", role: "user", parts: [{ type: "text", text: "Count to 60" }] };
    const asking = product.fetch("/api/chat", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id: "a chat", messages: [message], trigger: "submit-message" }),
    });
    await chats.clock.settle();
    await chats.clock.advance(600);
    const dead = (await asking).body?.getReader();
    await dead?.read();
    await chats.finish();
    expect(chats.statuses()).toEqual([undefined, "complete"]);
    const page = new ChatPage(product);
    await page.open({ id: "a chat", resume: true });
    await page.until(() => Promise.resolve());
    expect(page.text).toMatch(/^w0 .*w59 $/);
    for (;;) if ((await dead?.read())?.done !== false) break;
    await page.until(() => page.chat.resumeStream());
    expect(product.answers.map(({ status }) => status)).toEqual([200, 200, 204]);
  });

  it("[HT138] after its chat's object died resumes with the whole answer, nothing lost or doubled", async () => {
    const product = startProduct();
    const page = new ChatPage(product);
    await page.open();
    await page.until(() => page.chat.sendMessage({ text: "Count to 60" }), 600);
    await page.until(() => Promise.resolve(product.crash()), 0);
    expect(page.chat.status).toBe("error");
    await page.until(() => page.chat.resumeStream());
    expect(page.text).toBe(`Count to 60${Array.from({ length: 60 }, (_, index) => `w${index} `).join("")}`);
    expect(page.chat.messages.map(({ id }) => id)).toEqual(
      product.chats.chat.view.readNewest(10).messages.map(({ id }) => id),
    );
  });

  it("[HT195] asks its person for a word on a tool call, and goes on in the same message", async () => {
    const { options, runs } = toWordOptions([
      [say("I shall send it. "), toCall("c1", "send")],
      [say("Done.")],
    ]);
    const product = startProduct(options);
    const page = new ChatPage(product);
    await page.open({ sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses });
    await page.until(() => page.chat.sendMessage({ text: "Send it" }), 1_000);
    expect([page.chat.status, page.chat.error]).toEqual(["ready", undefined]);
    const asked = page.chat.messages[1]?.parts.find((part) => part.type === "dynamic-tool");
    if (asked?.state !== "approval-requested") throw new Error(`the call is ${asked?.state}`);
    await page.until(async () =>
      page.chat.addToolApprovalResponse({ id: asked.approval.id, approved: true }),
    );
    expect([page.chat.status, page.chat.error]).toEqual(["ready", undefined]);
    expect(runs).toEqual(["send"]);
    expect(product.answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(page.chat.messages).toHaveLength(2);
    expect(page.text).toBe("Send itI shall send it. Done.");
    const stored = product.chats.chat.view.readNewest(10).messages.at(-1);
    expect(page.chat.messages[1]?.id).toBe(stored?.id);
    expect(page.chat.messages[1]?.parts).toEqual(stored?.parts);
    expect(page.chat.messages[1]?.metadata).toEqual(stored?.metadata);
  });

  it("[HT195] gives its word in a page that is opened while one is waited for", async () => {
    const { options, runs } = toWordOptions([[say("Shall I? "), toCall("c1", "send")], [say("Then not.")]]);
    const product = startProduct(options);
    const first = new ChatPage(product);
    await first.open({ id: "a chat" });
    await first.until(() => first.chat.sendMessage({ text: "Send it" }), 1_000);
    const page = new ChatPage(product);
    await page.open({
      id: "a chat",
      resume: true,
      messages: first.chat.messages.slice(0, 1),
      sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
    });
    await page.until(() => Promise.resolve(), 100);
    expect([page.chat.status, page.chat.messages.length]).toEqual(["ready", 2]);
    await page.until(async () => page.chat.addToolApprovalResponse({ id: "appr_1", approved: false }));
    expect(runs).toEqual([]);
    expect(page.text).toBe("Send itShall I? Then not.");
    expect(page.chat.messages[1]?.parts[2]).toMatchObject({ state: "output-denied" });
  });

  it("[HT195] [SE98] asks on while a word is waited for: what was said is heard, and the new question is answered", async () => {
    const { options, runs } = toWordOptions([
      [say("Shall I? "), toCall("c1", "send"), toCall("c2", "send")],
      [say("One was sent.")],
      [say("Next.")],
    ]);
    const product = startProduct(options);
    const page = new ChatPage(product);
    await page.open();
    await page.until(() => page.chat.sendMessage({ text: "Send them" }), 1_000);
    await page.until(async () => page.chat.addToolApprovalResponse({ id: "appr_1", approved: true }), 100);
    await page.until(() => page.chat.sendMessage({ text: "And then?" }));
    expect([page.chat.status, page.chat.error]).toEqual(["ready", undefined]);
    expect(runs).toEqual(["send"]);
    expect(textOf(page.chat.messages.at(-1))).toBe("Next.");
    expect(product.chats.path()).toEqual(["Send them", "Shall I? One was sent.", "And then?", "Next."]);
  });

  it("[HT195] does not ask again and again for an answer that was stopped while its object died", async () => {
    const { options, runs } = toWordOptions([[say("Shall I? "), toCall("c1", "send")], [say("Done.")]]);
    const product = startProduct(options);
    const page = new ChatPage(product);
    const asked: boolean[] = [];
    await page.open({
      sendAutomaticallyWhen: (given) => {
        asked.push(lastAssistantMessageIsCompleteWithApprovalResponses(given));
        return asked.at(-1) === true && asked.length < 20;
      },
    });
    await page.until(() => page.chat.sendMessage({ text: "Send it" }), 1_000);
    product.chats.chat.stopAll();
    product.crash();
    await page.until(async () => page.chat.addToolApprovalResponse({ id: "appr_1", approved: true }), 1_000);
    expect(asked.filter((isComplete) => isComplete)).toHaveLength(1);
    expect(runs).toEqual([]);
  });

  it("[HT136] shows why a question was refused", async () => {
    const product = startProduct();
    const page = new ChatPage(product);
    await page.open();
    await page.until(() => page.chat.sendMessage({ text: "Count to 2" }, { body: { model: "nobody" } }));
    expect(page.chat.status).toBe("error");
    expect(page.chat.error?.message).toContain("Nobody is called nobody.");
    await page.until(() => page.chat.sendMessage({ text: "Count to 2" }));
    expect([page.chat.status, page.chat.error]).toEqual(["ready", undefined]);
  });

  it("[HT130] asks, and gives its word, with two messages of its copy alone, as docs/clients has it", async () => {
    const { runs, options } = toWordOptions([
      [say("Hello. ")],
      [say("I shall send it. "), toCall("c1", "send")],
      [say("Done.")],
    ]);
    const product = startProduct(options);
    const sent: number[] = [];
    const transport = new DefaultChatTransport<UIMessage>({
      fetch: product.fetch,
      prepareSendMessagesRequest: ({ id, messages, trigger, messageId, body }) => {
        sent.push(messages.slice(-2).length);
        return { body: { ...body, id, trigger, messageId, messages: messages.slice(-2) } };
      },
    });
    const page = new ChatPage(product);
    await page.open({
      transport,
      sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
    });
    await page.until(() => page.chat.sendMessage({ text: "Hello" }));
    await page.until(() => page.chat.sendMessage({ text: "Send it" }), 1_000);
    await page.until(async () => page.chat.addToolApprovalResponse({ id: "appr_1", approved: true }));
    expect([page.chat.status, page.chat.error]).toEqual(["ready", undefined]);
    expect(runs).toEqual(["send"]);
    await page.until(() => page.chat.regenerate());
    expect(sent).toEqual([1, 2, 2, 2]);
    expect(product.chats.path()).toEqual(["Hello", "Hello. ", "Send it", "Done."]);
    expect(page.chat.messages.map(textOf)).toEqual(product.chats.path());
  });
});
