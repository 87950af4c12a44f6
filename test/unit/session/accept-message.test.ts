/** What a `send` asks for, against the chat as it stands. */
import { describe, expect, it } from "vitest";
import { SendFrame } from "../../../src/protocol/session-frame.ts";
import { acceptMessage, type ChatFacts } from "../../../src/session/accept-message.ts";
import { toMessage } from "./answer-fixtures.ts";

const STORED = [
  toMessage("q1", "user", "What is salt?"),
  toMessage("a1", "assistant", "Sodium chloride.", "q1"),
  toMessage("q2", "user", "And sugar?", "a1"),
  toMessage("a2", "assistant", "Sucrose.", "q2"),
];

function toFacts(changes: Partial<ChatFacts> = {}): ChatFacts {
  return {
    findMessage: (id) => STORED.find((message) => message.id === id) ?? null,
    leafMessageId: "a2",
    openTurns: 0,
    ...changes,
  };
}

function toFrame(text: string, id: string, more: object = {}): SendFrame {
  const messages = [
    { id: "q1", role: "user", parts: [{ type: "text", text: "What is salt?" }] },
    { id, role: "user", parts: [{ type: "text", text }] },
  ];
  return SendFrame.parse({
    type: "send",
    requestId: "r1",
    id: "chat",
    trigger: "submit-message",
    messages,
    ...more,
  });
}

const again = (messageId?: string): SendFrame =>
  toFrame("", "q1", { trigger: "regenerate-message", messageId });

describe("a new question", () => {
  it("[SE20] goes below the newest answer, one that is still to come included, without its margins", () => {
    expect(
      acceptMessage(toFrame("  And fat? \n", "q3"), toFacts({ leafMessageId: "a9", openTurns: 2 })),
    ).toEqual({
      ok: true,
      value: { type: "ask", message: { id: "q3", text: "And fat?", parentId: "a9" } },
    });
  });

  it("[SE20] is the first of an empty chat", () => {
    const accepted = acceptMessage(
      toFrame("Hello", "q3"),
      toFacts({ findMessage: () => null, leafMessageId: null }),
    );
    expect(accepted).toMatchObject({ ok: true, value: { message: { parentId: null } } });
  });

  it("[SE20] is one of at most five that are open", () => {
    expect(acceptMessage(toFrame("And fat?", "q3"), toFacts({ openTurns: 4 })).ok).toBe(true);
    expect(acceptMessage(toFrame("And fat?", "q3"), toFacts({ openTurns: 5 }))).toEqual({
      ok: false,
      error: expect.stringContaining("Too many questions"),
    });
  });

  it.each([
    ["nothing but spaces", toFrame("  \n ", "q3"), /empty/],
    [
      "no user's message at all",
      toFrame("", "x", { messages: [{ id: "x", role: "assistant", parts: [] }] }),
      /no question/,
    ],
    [
      "parts of other kinds alone",
      toFrame("", "x", { messages: [{ id: "x", role: "user", parts: [{ type: "file", text: "a" }] }] }),
      /empty/,
    ],
  ])("[SE23] %s is refused with a sentence", (_, frame, sentence) => {
    expect(acceptMessage(frame, toFacts())).toEqual({ ok: false, error: expect.stringMatching(sentence) });
  });
});

describe("the same message again", () => {
  it("[SE21] is a repeat, also when the queue is full", () => {
    expect(acceptMessage(toFrame("And sugar?", "q2"), toFacts({ openTurns: 5 }))).toEqual({
      ok: true,
      value: { type: "repeat", userMessageId: "q2" },
    });
  });

  it("[SE22] with another text, or named for replacement, is an edit: a branch of its own beside it", () => {
    for (const frame of [toFrame("And honey?", "q2"), toFrame("And sugar?", "q2", { messageId: "q2" })]) {
      expect(acceptMessage(frame, toFacts())).toMatchObject({
        ok: true,
        value: { type: "ask", message: { id: null, parentId: "a1" } },
      });
    }
  });

  it("[SE22] an answer cannot be edited", () => {
    expect(acceptMessage(toFrame("Mine", "q3", { messageId: "a1" }), toFacts())).toEqual({
      ok: false,
      error: expect.stringContaining("Only a question"),
    });
  });
});

describe("another answer", () => {
  it.each([
    ["the newest one", undefined, "q2"],
    ["the one that is named", "a1", "q1"],
    ["the one of a question that is named", "q1", "q1"],
  ])("[SE22] replaces %s by a branch", (_, messageId, userMessageId) => {
    expect(acceptMessage(again(messageId), toFacts())).toEqual({
      ok: true,
      value: { type: "answer-again", userMessageId },
    });
  });

  it("[SE23] is not given while one is being written, nor to nothing", () => {
    expect(acceptMessage(again(), toFacts({ openTurns: 1 }))).toMatchObject({ ok: false });
    expect(acceptMessage(again("nowhere"), toFacts())).toMatchObject({ ok: false });
    expect(acceptMessage(again(), toFacts({ leafMessageId: null }))).toMatchObject({ ok: false });
    const orphan = toMessage("a9", "assistant", "Out of nowhere.");
    expect(acceptMessage(again("a9"), toFacts({ findMessage: () => orphan }))).toMatchObject({ ok: false });
  });
});
