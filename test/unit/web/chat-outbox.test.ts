/** Questions on their way: offline, queued, repeated, refused, taken back, edited. Rules WB8 to WB12, WB54 to WB58. */
import { describe, expect, it } from "vitest";
import type { ChatState } from "../../../web/session/chat-state.ts";
import { canAsk, canBranch } from "../../../web/session/outbox-step.ts";
import {
  added,
  ask,
  CUT,
  ended,
  frame,
  lastAsked,
  lastFrames,
  makeAnswer,
  makeHello,
  makeQuestion,
  run,
  SESSION_ID,
  started,
  TURN,
  turnOf,
} from "./chat-fixture.ts";

const QUESTION = makeQuestion("question_1", null, "text of question_1");
const ANSWERED = [QUESTION, makeAnswer("answer_0", QUESTION.id)];
const live = run([frame(makeHello([]))]).state;
const answered = run([frame(makeHello(ANSWERED))]).state;
const again = { type: "answer-again", requestId: "r", messageId: "answer_0", model: "fast" } as const;
const idsOf = (state: ChatState) => state.outbox.map(({ messageId }) => messageId);

describe("asking", () => {
  it("[WB8] waits for the socket and sends once", () => {
    const asked = run([ask("question_1")]);
    expect(asked.effects).toEqual([[]]);
    expect(asked.state.outbox).toMatchObject([{ messageId: "question_1", sent: false }]);
    const greeted = run([frame(makeHello([]))], asked.state);
    expect(lastFrames(greeted.effects)).toEqual([
      {
        type: "send",
        requestId: "r_question_1",
        id: SESSION_ID,
        trigger: "submit-message",
        messages: [{ id: "question_1", role: "user", parts: [{ type: "text", text: "text of question_1" }] }],
        headers: {},
        body: { model: "fast" },
      },
    ]);
    const stored = run([frame({ type: "message-added", message: QUESTION }), started()], greeted.state);
    expect(stored.state.outbox).toEqual([]);
    expect(stored.effects.flat()).toEqual([]);
    expect(stored.state.messages).toEqual([QUESTION]);
  });

  it("[WB9] repeats a question the next hello lacks, under its id, and no other", () => {
    const sent = run([ask("question_1"), CUT], live).state;
    const lost = run([frame(makeHello([]))], sent);
    expect(lastAsked(lost.effects)).toEqual(["question_1"]);
    const kept = run([frame(makeHello([QUESTION]))], sent);
    expect(lastFrames(kept.effects)).toEqual([]);
    expect(kept.state.outbox).toEqual([]);
  });

  it("[WB9] a question that is stored out of sight is confirmed by the answer to its repetition", () => {
    const repeated = run([ask("question_1"), CUT, frame(makeHello([]))], live).state;
    expect(run([frame({ type: "start", requestId: "r_question_1" })], repeated).state.outbox).toEqual([]);
    const over = run([frame({ type: "no-active", requestId: "r_question_1" })], repeated);
    expect(over).toMatchObject({ state: { outbox: [] }, effects: [[]] });
  });

  it("[WB10] does not repeat a wish for another answer", () => {
    const wished = run([again], answered);
    expect(lastFrames(wished.effects)).toMatchObject([
      { trigger: "regenerate-message", messageId: "answer_0", messages: [] },
    ]);
    const back = run([CUT, frame(makeHello([QUESTION]))], wished.state);
    expect(lastFrames(back.effects)).toEqual([]);
    expect(back.state.outbox).toEqual([]);
    const offline = run([CUT, again, frame(makeHello(ANSWERED))], answered);
    expect(lastFrames(offline.effects)).toMatchObject([{ trigger: "regenerate-message" }]);
    expect(run([started({ ...TURN, requestId: "r" })], wished.state).state.outbox).toEqual([]);
  });
});

describe("refusals", () => {
  const refused = run(
    [ask("q"), frame({ type: "error", requestId: "r_q", errorText: "Too fast." })],
    live,
  ).state;

  it("[WB11] a refused question stays with the reason and is not sent by itself", () => {
    expect(refused.outbox).toMatchObject([{ text: "text of q", refusal: "Too fast.", sent: false }]);
    const later = run([ask("other"), CUT, frame(makeHello([]))], refused);
    expect(lastAsked(later.effects)).toEqual(["other"]);
    expect(canBranch(run([frame(makeHello([]))], refused).state)).toBe(true);
  });

  it("[WB11] it is sent once more, or taken back, when the reader says so", () => {
    const sent = run([{ type: "send-again", messageId: "q", requestId: "r2" }], refused);
    expect(lastFrames(sent.effects)).toMatchObject([{ requestId: "r2", messages: [{ id: "q" }] }]);
    expect(sent.state.outbox).toMatchObject([{ refusal: null, sent: true }]);
    const back = run([{ type: "take-back", messageId: "q", requestId: "r2" }], refused);
    expect(back).toMatchObject({ state: { outbox: [] }, effects: [[]] });
  });

  it("[WB11] a line that closes over a frame refuses the first question nobody has confirmed", () => {
    const close = { type: "socket-close", code: 1009, online: true } as const;
    const closed = run([ask("a"), ask("b"), close, frame(makeHello([]))], live);
    expect(closed.state.outbox).toMatchObject([
      { messageId: "a", refusal: "The message is too large." },
      { messageId: "b", refusal: null },
    ]);
    expect(lastAsked(closed.effects)).toEqual(["b"]);
  });

  it("[WB11] what is no question of ours is said and can be put away", () => {
    const said = run([ask("q"), frame({ type: "error", requestId: "other", errorText: "No." })], live).state;
    expect(said).toMatchObject({ notice: "No.", outbox: [{ refusal: null }] });
    expect(run([{ type: "notice-dismiss" }], said).state.notice).toBeNull();
    const wish = run([again, frame({ type: "error", requestId: "r", errorText: "No." })], answered).state;
    expect(wish).toMatchObject({ notice: "No.", outbox: [] });
  });
});

describe("several", () => {
  it("[WB54] are sent in the order they were typed, each once", () => {
    const offline = run([CUT, ask("a"), ask("b"), ask("c")], live);
    expect(offline.effects.flat()).toEqual([]);
    const back = run([frame(makeHello([]))], offline.state);
    expect(lastAsked(back.effects)).toEqual(["a", "b", "c"]);
    const stored = [added("a"), started(turnOf("a")), added("b", "answer_a"), added("c", "answer_b")];
    const done = run(stored, back.state);
    expect(done.effects.flat()).toEqual([]);
    expect(done.state.outbox).toEqual([]);
    expect(done.state.messages.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  it("[WB12] questions may be asked while an answer runs, and are sent at once", () => {
    const running = run([ask("a"), added("a"), started(turnOf("a"))], live).state;
    expect(canAsk(running)).toBe(true);
    expect(lastAsked(run([ask("b")], running).effects)).toEqual(["b"]);
  });

  it("[WB12] a branch begins only while nothing is running, waiting or on its way", () => {
    const running = run([ask("a"), added("a"), started(turnOf("a"))], live).state;
    expect(canBranch(running)).toBe(false);
    expect(run([{ ...again, messageId: "a" }], running).state).toBe(running);
    expect(run([ask("b", { editedId: "a" })], running).state).toBe(running);
    const waiting = run([CUT, ask("a")], answered).state;
    expect(run([again], waiting).state).toBe(waiting);
    expect(run([{ type: "select-branch", messageId: "x" }], running).effects).toEqual([[]]);
    expect(canAsk(run([{ type: "socket-close", code: 4404, online: true }]).state)).toBe(false);
  });

  it("[WB55] beyond five open turns they wait here and follow as soon as there is room", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const full = run([CUT, ...names.map((id) => ask(id)), frame(makeHello([]))], live);
    expect(lastAsked(full.effects)).toEqual(["a", "b", "c", "d", "e"]);
    const waiting = ["b", "c", "d", "e"].map((id, index) => added(id, `answer_${names[index]}`));
    const running = run([added("a"), started(turnOf("a")), ...waiting], full.state);
    expect(running.effects.flat()).toEqual([]);
    // Its end alone opens no room that is known: the next turn begins in the same breath.
    const next = run([ended(turnOf("a")), started(turnOf("b"))], running.state);
    expect(next.effects[0]).toEqual([]);
    expect(lastAsked(next.effects)).toEqual(["f"]);
    expect(idsOf(next.state)).toEqual(["f", "g"]);
  });

  it("[WB55] another answer that was wished for offline goes before the questions typed after it", () => {
    const offline = run([CUT, again, ask("b")], answered);
    const back = run([frame(makeHello(ANSWERED))], offline.state);
    expect(lastFrames(back.effects)).toMatchObject([
      { trigger: "regenerate-message" },
      { trigger: "submit-message", messages: [{ id: "b" }] },
    ]);
  });
});

describe("taking back", () => {
  const takeBack = (messageId: string) => ({ type: "take-back", messageId, requestId: "new" }) as const;
  const running = run([ask("a"), added("a"), started(turnOf("a"))], live).state;

  it("[WB56] forgets what was not sent, and aborts what is on its way", () => {
    expect(run([CUT, ask("b"), takeBack("b")], live)).toMatchObject({
      state: { outbox: [] },
      effects: [[], [], []],
    });
    const sent = run([ask("b"), takeBack("b")], running);
    expect(sent.state.outbox).toEqual([]);
    expect(lastFrames(sent.effects)).toEqual([{ type: "abort", requestId: "r_b" }]);
  });

  it("[WB56] aborts a stored question that waits by following it first, whoever asked it", () => {
    const waiting = run([added("b", "answer_a"), added("c", "answer_b")], running).state;
    const { state, effects } = run([takeBack("b")], waiting);
    expect(lastFrames(effects)).toMatchObject([
      { type: "send", requestId: "new", messages: [{ id: "b", parts: [{ text: "text of b" }] }] },
      { type: "abort", requestId: "new" },
    ]);
    const over = run([ended(turnOf("b"))], state).state;
    expect(over.messages.map(({ id }) => id)).toEqual(["a", "b", "answer_b", "c"]);
    expect(run([takeBack("b")], over).effects).toEqual([[]]);
    expect(run([takeBack("a")], waiting).effects).toEqual([[]]);
  });

  it("[WB56] when nobody could say whether it had arrived, the next hello does", () => {
    const unsure = run([ask("b"), CUT, takeBack("b")], running).state;
    expect(unsure.outbox).toMatchObject([{ messageId: "b", takenBack: true }]);
    const a = makeQuestion("a", null);
    const lost = run([frame(makeHello([a], turnOf("a")))], unsure);
    expect(lastFrames(lost.effects)).toMatchObject([{ type: "resume" }]);
    expect(lost.state.outbox).toEqual([]);
    const arrived = makeQuestion("b", "answer_a", "text of b");
    const there = run([frame(makeHello([a, arrived], turnOf("a")))], unsure);
    expect(lastFrames(there.effects)).toMatchObject([
      { type: "resume" },
      { type: "send", messages: [{ id: "b" }] },
      { type: "abort", requestId: "r_b" },
    ]);
  });
});

describe("editing and files", () => {
  const edit = ask("new", { editedId: "question_1" });
  const stored = makeQuestion("of_the_server", null, "text of new");

  it("[WB57] an edited question names the one it stands beside", () => {
    const sent = run([edit], answered);
    expect(lastFrames(sent.effects)).toMatchObject([
      { trigger: "submit-message", messageId: "question_1", messages: [{ id: "new" }] },
    ]);
    const branches = { question_1: ["question_1", stored.id], [stored.id]: ["question_1", stored.id] };
    const { state } = run(
      [
        frame({ type: "message-added", message: stored }),
        frame({ type: "branches-changed", branches }),
        started({ ...TURN, requestId: "r_new", parentId: stored.id }),
      ],
      sent.state,
    );
    expect(state.messages).toEqual([stored]);
    expect(state.outbox).toEqual([]);
  });

  it("[WB57] it is known by place and text after a reconnect, and not asked twice", () => {
    const sent = run([edit, CUT], answered).state;
    const there = run([frame(makeHello([stored]))], sent);
    expect(there.state.outbox).toEqual([]);
    expect(lastFrames(there.effects)).toEqual([]);
    expect(lastFrames(run([frame(makeHello(ANSWERED))], sent).effects)).toMatchObject([
      { messageId: "question_1" },
    ]);
    // The same words as before are an edit all the same: the old question is not the new one.
    const same = run(
      [ask("new", { editedId: "question_1", text: "text of question_1" }), CUT],
      answered,
    ).state;
    expect(lastFrames(run([frame(makeHello(ANSWERED))], same).effects)).toHaveLength(1);
  });

  it("[WB58] files go with the question, and with its repetition", () => {
    const file = { mediaType: "image/png", filename: "sea.png", url: "/api/v1/sessions/s/attachments/f" };
    const asked = run([ask("q", { files: [file] }), CUT, frame(makeHello([]))], live);
    const parts = [
      { type: "text", text: "text of q" },
      { type: "file", ...file },
    ];
    expect(lastFrames(asked.effects)).toMatchObject([{ messages: [{ parts }] }]);
    const alone = ask("q", { text: "", files: [file] });
    expect(lastFrames(run([alone], live).effects)).toMatchObject([
      { messages: [{ parts: [{ type: "file", ...file }] }] },
    ]);
  });
});
