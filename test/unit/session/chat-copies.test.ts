/** A chat as others get it: as a file, and behind a read-only link. */
import { describe, expect, it } from "vitest";
import { SessionExport } from "../../../src/protocol/session-api.ts";
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import { toJsonExport, toMarkdownExport, type ExportHead } from "../../../src/session/views/export-chat.ts";
import { exportChat } from "../../../durable-objects/export-stream.ts";
import { toSharedMessages } from "../../../src/session/views/shared-chat.ts";
import { ChatWorld } from "./chat-world.ts";
import { OTHER_TARGET, RECEIPT, toLeg, toMessage } from "./answer-fixtures.ts";

const HEAD: ExportHead = {
  version: 1,
  id: "chat_1",
  title: 'Salt, "and" sugar',
  createdAt: RECEIPT.createdAt,
  exportedAt: RECEIPT.createdAt,
  leafMessageId: "a2",
};

const RECEIVED = {
  ...RECEIPT,
  status: "complete" as const,
  legs: [toLeg(), toLeg({ ...OTHER_TARGET, costMicroUsd: 5 }), toLeg()],
  costMicroUsd: 19,
  reasons: ["openai/gpt-6-luna: it is cheap."],
};

const QUESTION = toMessage("q1", "user", [
  { type: "text", text: "What is salt?" },
  { type: "file", mediaType: "image/png", filename: "salt.png", url: "data:image/png;base64,AAAA" },
  { type: "file", mediaType: "text/plain", url: "/files/1" },
]);
const ANSWER: StoredMessage = {
  ...toMessage("a1", "assistant", [
    { type: "step-start" },
    { type: "reasoning", text: "A secret thought", state: "done" },
    { type: "text", text: "Sodium chloride.", state: "done" },
  ]),
  parentId: "q1",
  metadata: RECEIVED,
};
const STOPPED: StoredMessage = {
  ...toMessage("a2", "assistant", []),
  metadata: { ...RECEIPT, status: "cancelled", notice: "You stopped this answer." },
};

describe("JSON", () => {
  it("[SE85] is one document of the protocol's shape, whatever pages it came in", () => {
    const all = [QUESTION, ANSWER, STOPPED];
    for (const pages of [[all], [[QUESTION], [], [ANSWER, STOPPED]], all.map((each) => [each])]) {
      const text = [...toJsonExport(HEAD, pages)].join("");
      expect(SessionExport.parse(JSON.parse(text))).toEqual({ ...HEAD, messages: all });
    }
  });

  it("[SE85] of an empty chat is whole, and no piece of it is empty", () => {
    const pieces = [...toJsonExport(HEAD, [[], []])];
    expect(JSON.parse(pieces.join(""))).toEqual({ ...HEAD, messages: [] });
    expect(pieces.every((piece) => piece !== "")).toBe(true);
  });
});

describe("a long chat", () => {
  const toWorld = async () => {
    const world = new ChatWorld();
    const socket = world.connect(false);
    for (let turn = 0; turn < 6; turn += 1) {
      world.ask(socket, `r${turn}`, `${turn + 1}`);
      // The last two wait: their questions are on the path below answers that are still to come.
      if (turn < 4) await world.finish();
    }
    return world;
  };

  it("[SE141] is read as its Markdown is sent, and whole", async () => {
    const world = await toWorld();
    const found: string[] = [];
    const find = (id: string) => {
      found.push(id);
      return world.store.messages.find(id);
    };
    const { store, chat } = world;
    const messages = { find, scan: () => store.messages.scan("oldest") };
    const readSession = () => store.readSession();
    const stream = exportChat({ readSession, messages }, chat.view, "markdown", 0);
    if (stream === null) throw new Error("there is a chat");
    const reader = stream.getReader();
    const decoder = new TextDecoder();
    const pieces = [decoder.decode((await reader.read()).value), decoder.decode((await reader.read()).value)];
    expect(found.length).toBeLessThan(4);
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      pieces.push(decoder.decode(read.value));
    }
    const lines = pieces.join("").split("\n");
    const said = world.path().map((text) => text.trim());
    expect(said).toHaveLength(10);
    expect(lines.map((line) => line.trim()).filter((line) => said.includes(line))).toEqual(said);
    expect(found).toHaveLength(10);
  });

  it.each(["json", "markdown"] as const)("[SE141] breaks off as %s where it is deleted", async (format) => {
    const { store, chat } = await toWorld();
    let isThere = true;
    const readSession = () => (isThere ? store.readSession() : null);
    const stream = exportChat({ readSession, messages: store.messages }, chat.view, format, 0);
    if (stream === null) throw new Error("there is a chat");
    const reader = stream.getReader();
    expect((await reader.read()).done).toBe(false);
    isThere = false;
    await expect(reader.read()).rejects.toThrow("deleted");
    expect(exportChat({ readSession, messages: store.messages }, chat.view, format, 0)).toBeNull();
  });
});

describe("Markdown", () => {
  it("[SE85] holds what was said, by whom, with what, and what did not come to its end", () => {
    const text = [...toMarkdownExport(HEAD, [[QUESTION, ANSWER], [STOPPED]])].join("");
    expect(text).toBe(
      [
        '# Salt, "and" sugar',
        "",
        `Exported ${RECEIPT.createdAt}`,
        "",
        "## Question",
        "",
        "*Attached: salt.png*",
        "",
        "*Attached: a file*",
        "",
        "What is salt?",
        "",
        "## Answer (openai/gpt-6-luna, then google/gemini-3.5-flash-lite)",
        "",
        "Sodium chloride.",
        "",
        "## Answer",
        "",
        "*(nothing)*",
        "",
        "> You stopped this answer.",
        "",
      ].join("\n"),
    );
  });
});

describe("a code block in Markdown", () => {
  it.each([
    ["```js\nlet a = 1;", "```"],
    ["~~~~\n~~~\n```", "~~~~"],
    ["1. So:\n\n   ```\n   let a;", "   ```"],
    ["```\na\n```\n\n````md\n```\n", "````"],
  ])("[SE142] that %j leaves open is closed", (text, end) => {
    const answer = toMessage("a1", "assistant", text);
    const exported = [...toMarkdownExport(HEAD, [[answer, QUESTION]])].join("");
    expect(exported).toContain(`${text}\n${end}\n\n## Question\n`);
  });

  it.each([
    "```\na\n```",
    "~~~\n```\n~~~~  ",
    "Say ```` ``` ```` so.",
    "```a``` is code",
    "    ```",
    "a ```",
  ])("[SE142] in %j is as it was", (text) => {
    const exported = [...toMarkdownExport(HEAD, [[toMessage("a1", "assistant", text), QUESTION]])].join("");
    expect(exported).toContain(`\n\n${text}\n\n## Question\n`);
  });
});

describe("HTML in Markdown", () => {
  it.each([
    ["So:\n<!-- to do\n\nmore", "-->"],
    ["<pre>\nlet a;\n\nlet b;", "</pre>"],
    ["<Script>\n\n", "</Script>"],
    ["<?php\n\necho 1;", "?>"],
    ["<![CDATA[\n\na", "]]>"],
    ["<!DOCTYPE\n\nhtml", ">"],
    ["<details><summary>More</summary>\n\nin", "\n</details>"],
    ["<details>\n\n<details>\n\nin\n\n</details>\n\n```\n</details>", "```\n\n</details>"],
    ["<!-- a -->\n<!-- b", "-->"],
  ])("[WB102] that %j leaves open is closed", (text, end) => {
    const answer = toMessage("a1", "assistant", text);
    const exported = [...toMarkdownExport(HEAD, [[answer, QUESTION]])].join("");
    expect(exported).toContain(`${text}\n${end}\n\n## Question\n`);
  });

  it.each([
    "<!-- a -->\n\nb",
    "<pre>\n\n</pre>",
    "a <!-- b",
    "```html\n<!-- a\n<pre>\n<details>\n```",
    "<details>\n\nin\n\n</details>",
    "<prefix>",
  ])("[WB102] in %j is as it was", (text) => {
    const exported = [...toMarkdownExport(HEAD, [[toMessage("a1", "assistant", text), QUESTION]])].join("");
    expect(exported).toContain(`\n\n${text}\n\n## Question\n`);
  });
});

describe("a link", () => {
  it("[SE86] shows what was said and who said it, without thoughts, files, prices, reasons and ids of ours", () => {
    const [question, answer] = toSharedMessages([QUESTION, ANSWER]);
    expect(question?.parts).toEqual([{ type: "text", text: "What is salt?" }]);
    expect(answer?.parts.map(({ type }) => type)).toEqual(["step-start", "text"]);
    expect(answer?.metadata).toMatchObject({
      status: "complete",
      legs: [{ provider: "openai", costMicroUsd: null }, { provider: "google", costMicroUsd: null }, {}],
      costMicroUsd: null,
      reasons: [],
      turnId: "",
      selectionId: "",
      requested: [],
    });
    const shown = JSON.stringify([question, answer]);
    for (const secret of ["secret thought", "salt.png", "AAAA", "cheap", "turn_1", "sel_1"]) {
      expect(shown).not.toContain(secret);
    }
  });

  it("[SE86] [HT375] does not show what has failed: it may tell of an account", () => {
    const failure = { kind: "payment-required", retryAfterMs: null };
    const failed = { ...RECEIVED, status: "failed" as const, notice: "No answer came.", failure };
    const [shown] = toSharedMessages([{ ...ANSWER, metadata: failed }]);
    expect(shown?.metadata).toMatchObject({ status: "failed", notice: "No answer came." });
    expect(JSON.stringify(shown)).not.toContain("payment");
  });

  it("[SE86] changes nothing of what is stored", () => {
    const before = structuredClone([QUESTION, ANSWER]);
    toSharedMessages([QUESTION, ANSWER]);
    expect([QUESTION, ANSWER]).toEqual(before);
  });
});
