/** What a `send` asks for, against the chat as it stands. */
import { describe, expect, it } from "vitest";
import { SendFrame } from "../../../../src/protocol/session-frame.ts";
import { acceptMessage, type ChatFacts } from "../../../../src/session/questions/accept-message.ts";
import { toMessage } from "../answer-fixtures.ts";

const STORED = [
  toMessage("q1", "user", "What is salt?"),
  toMessage("a1", "assistant", "Sodium chloride.", "q1"),
  toMessage("q2", "user", "And sugar?", "a1"),
  toMessage("a2", "assistant", "Sucrose.", "q2"),
];

function toFacts(changes: Partial<ChatFacts> = {}): ChatFacts {
  return {
    findMessage: (id) => STORED.find((message) => message.id === id) ?? null,
    parent: null,
    leafMessageId: "a2",
    findAsked: () => null,
    listBeside: () => [],
    isOpenAnswer: () => false,
    isAwaited: () => false,
    openTurns: 0,
    turnsBehind: 0,
    findOwnType: (url) => (url === "/files/own" ? "image/png" : null),
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
      value: {
        type: "ask",
        message: {
          id: "q3",
          text: "And fat?",
          parts: [{ type: "text", text: "And fat?" }],
          parentId: "a9",
          editedId: null,
        },
      },
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

  it("[SE20] is not taken when fifty were asked and taken back behind one that still runs", () => {
    const toAnswer = (turnsBehind: number) =>
      acceptMessage(toFrame("And fat?", "q3"), toFacts({ openTurns: 1, turnsBehind }));
    expect(toAnswer(49).ok).toBe(true);
    expect(toAnswer(50)).toEqual({ ok: false, error: expect.stringContaining("Too many questions") });
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
      toFrame("", "x", { messages: [{ id: "x", role: "user", parts: [{ type: "source-url", text: "a" }] }] }),
      /empty/,
    ],
  ])("[SE23] %s is refused with a sentence", (_, frame, sentence) => {
    expect(acceptMessage(frame, toFacts())).toEqual({ ok: false, error: expect.stringMatching(sentence) });
  });
});

describe("a question with files", () => {
  const own = { type: "file", mediaType: "image/png", url: "/files/own", filename: "a.png" };
  const toFileFrame = (text: string, ...files: object[]): SendFrame =>
    toFrame("", "q3", { messages: [{ id: "q3", role: "user", parts: [...files, { type: "text", text }] }] });

  it("[SE83] holds its words first and then its files; a file alone will do", () => {
    expect(acceptMessage(toFileFrame(" Look ", own), toFacts())).toMatchObject({
      ok: true,
      value: { message: { text: "Look", parts: [{ type: "text", text: "Look" }, own] } },
    });
    expect(acceptMessage(toFileFrame("", own), toFacts())).toMatchObject({
      ok: true,
      value: { message: { text: "", parts: [own] } },
    });
  });

  it("[SE83] is refused in words when one of them cannot be taken, also in an edit", () => {
    const foreign = { ...own, url: "/files/of-another-chat" };
    for (const frame of [
      toFileFrame("Look", own, foreign),
      { ...toFileFrame("Look", foreign), messageId: "q2" },
    ]) {
      expect(acceptMessage(frame, toFacts())).toEqual({
        ok: false,
        error: expect.stringContaining("not attached to this chat"),
      });
    }
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
        value: { type: "ask", message: { id: null, parentId: "a1", editedId: "q2" } },
      });
    }
  });

  it("[SE143] as an edit under the old id is a repeat while its answer is open, with the same files alone", () => {
    const file = { type: "file", mediaType: "image/png", url: "/files/own" };
    const edit = toMessage("q9", "user", [{ type: "text", text: "And honey?" }, file]);
    const toAnswer = (awaited: string, text: string, parts: object[], messageId = "q2"): unknown => {
      const facts = toFacts({
        findMessage: (id) => [...STORED, edit].find((message) => message.id === id) ?? null,
        listBeside: ({ id }) => (id === "q2" ? ["q2", "q9"] : []),
        isAwaited: (id) => id === awaited,
      });
      const messages = [{ id: "q2", role: "user", parts: [...parts, { type: "text", text }] }];
      const accepted = acceptMessage(toFrame(text, "q2", { messages, messageId }), facts);
      return accepted.ok ? accepted.value : accepted.error;
    };
    expect(toAnswer("q9", " And honey? ", [file])).toEqual({ type: "repeat", userMessageId: "q9" });
    expect(toAnswer("q2", "And sugar?", [])).toEqual({ type: "repeat", userMessageId: "q2" });
    for (const asked of [
      toAnswer("q9", "And honey?", []),
      toAnswer("q9", "And fat?", [file]),
      toAnswer("none", "And honey?", [file]),
      toAnswer("q9", "And honey?", [file], "q1"),
    ])
      expect(asked).toMatchObject({ type: "ask" });
  });

  it("[SE22] an answer cannot be edited", () => {
    expect(acceptMessage(toFrame("Mine", "q3", { messageId: "a1" }), toFacts())).toEqual({
      ok: false,
      error: expect.stringContaining("Only a question"),
    });
  });
});

describe("a question under an id that is not its own", () => {
  const refused = { ok: false, error: expect.stringContaining("an id of its own") };

  it("[SE113] is refused: of an answer that is still to come", () => {
    const facts = toFacts({ isOpenAnswer: (id) => id === "a3", openTurns: 1 });
    expect(acceptMessage(toFrame("And fat?", "a3"), facts)).toEqual(refused);
  });

  it("[SE113] [SE23] is refused: of a question that is there, as an edit of one that is not", () => {
    expect(acceptMessage(toFrame("And fat?", "q2", { messageId: "nowhere" }), toFacts())).toEqual(refused);
  });

  it("[SE113] is refused: of a message that is there, behind an answer that is named", () => {
    const parent = toMessage("a1", "assistant", "Sodium chloride.", "q1");
    expect(acceptMessage(toFrame("And fat?", "q2"), toFacts({ parent }))).toEqual(refused);
  });
});

describe("the same request again", () => {
  const [, , q2] = STORED;
  const asked = toFacts({
    findAsked: (requestId) => (requestId === "r1" ? (q2 ?? null) : null),
    openTurns: 5,
  });
  const repeat = { ok: true, value: { type: "repeat", userMessageId: "q2" } };

  it("[SE21] is known by its id where the message has none of its own: an edit, and a wish for another answer", () => {
    expect(acceptMessage(toFrame(" And sugar? ", "q1", { messageId: "q1" }), asked)).toEqual(repeat);
    for (const messageId of [undefined, "q2", "a2"])
      expect(acceptMessage(again(messageId), asked)).toEqual(repeat);
  });

  it("[SE21] [SE22] is another one when it asks for something else", () => {
    const free = { ...asked, openTurns: 0 };
    expect(acceptMessage(toFrame("And honey?", "q1", { messageId: "q1" }), free)).toMatchObject({
      value: { type: "ask", message: { editedId: "q1" } },
    });
    expect(acceptMessage(again("a1"), free)).toMatchObject({
      value: { type: "answer-again", userMessageId: "q1" },
    });
    expect(acceptMessage(toFrame("And sugar?", "q3", { requestId: "r2" }), free)).toMatchObject({
      value: { type: "ask", message: { id: "q3" } },
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

  const toAgain = (text: string, id: string, messageId?: string): SendFrame =>
    toFrame(text, id, { trigger: "regenerate-message", messageId });

  it("[SE140] is to the question that it brings, and to the edit of it that has these words", () => {
    const edit = toMessage("q9", "user", "And honey?", "a1");
    const facts = toFacts({
      findMessage: (id) => [...STORED, edit].find((message) => message.id === id) ?? null,
      listBeside: ({ id }) => (id === "q2" ? ["q2", "q9"] : []),
    });
    const toId = (frame: SendFrame): unknown => acceptMessage(frame, facts);
    for (const [text, id, userMessageId] of [
      [" What is salt? ", "q1", "q1"],
      ["And sugar?", "q2", "q2"],
      ["And honey?", "q2", "q9"],
    ] as const) {
      const expected = { ok: true, value: { type: "answer-again", userMessageId } };
      expect(toId(toAgain(text, id))).toEqual(expected);
      expect(toId(toAgain(text, id, id))).toEqual(expected);
    }
    expect(toId(toAgain("And honey?", "q2", "a1"))).toMatchObject({ value: { userMessageId: "q1" } });
  });

  it("[SE140] to a question that is not there asks it, as new or as an edit, once for one request", () => {
    expect(acceptMessage(toAgain("And fat?", "q3"), toFacts({ openTurns: 1 }))).toMatchObject({
      value: { type: "ask", message: { id: "q3", text: "And fat?", parentId: "a2", editedId: null } },
    });
    expect(acceptMessage(toAgain("And honey?", "q2", "q2"), toFacts())).toMatchObject({
      value: { type: "ask", message: { id: null, text: "And honey?", parentId: "a1", editedId: "q2" } },
    });
    const findAsked = () => toMessage("q9", "user", "And honey?", "a1");
    expect(acceptMessage(toAgain("And honey?", "q2", "q2"), toFacts({ findAsked }))).toEqual({
      ok: true,
      value: { type: "repeat", userMessageId: "q9" },
    });
    expect(acceptMessage(toAgain("Mine", "a1"), toFacts({ openTurns: 1 }))).toMatchObject({ ok: false });
    expect(acceptMessage(toAgain("And sugar?", "q2"), toFacts({ openTurns: 1 }))).toMatchObject({
      ok: false,
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
