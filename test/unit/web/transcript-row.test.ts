/** What stands in a transcript, and what is drawn again when. Rules WB60, WB62, WB64, WB65, WB72. */
import { describe, expect, it } from "vitest";
import type { ChatEvent, ChatState } from "../../../web/session/chat-state.ts";
import { settle } from "../../../web/session/settled-chat.ts";
import { guessRowHeight } from "../../../web/chat/transcript/row-size.ts";
import { findRow, toTranscriptRows } from "../../../web/chat/transcript/transcript-row.ts";
import type { TranscriptRow } from "../../../web/chat/transcript/transcript-row.ts";
import { toSharedRows } from "../../../web/shared/shared-row.ts";
import {
  added,
  ask,
  CUT,
  ended,
  frame,
  makeAnswer,
  makeChunkFrame,
  makeChunks,
  makeHello,
  makeQuestion,
  run,
  started,
  turnOf,
} from "./chat-fixture.ts";

const PATH = [
  makeQuestion("q1", null),
  makeAnswer("a1", "q1"),
  makeQuestion("q2", "a1"),
  makeAnswer("a2", "q2"),
];
const hello = (change: Parameters<typeof makeHello>[2] = {}): ChatEvent =>
  frame(makeHello(PATH, null, change));
const rowsOf = (state: ChatState) => toTranscriptRows(settle(state, null));

function toShort(row: TranscriptRow): string {
  switch (row.kind) {
    case "message":
      return `${row.message.id}${row.waits ? " waits" : ""}`;
    case "pending":
      return `pending ${row.pending.messageId}`;
    case "running":
      return `running ${row.messageId}`;
    default:
      return row.kind;
  }
}
const shortOf = (state: ChatState) => rowsOf(state).map(toShort);

describe("rows", () => {
  it("[WB65] the running answer stands below its question, those that wait below it, then what is on its way", () => {
    const events = [
      hello(),
      ask("q3"),
      added("q3", "a2"),
      started(turnOf("q3")),
      added("q4", "answer_q3"),
      ask("q5"),
    ];
    const { state } = run(events);
    expect(shortOf(state).slice(4)).toEqual(["q3", "running answer_q3", "q4 waits", "pending q5"]);
    const back = run([ended(turnOf("q3")), started(turnOf("q4"))], state).state;
    expect(shortOf(back).slice(4)).toEqual(["q3", "answer_q3", "q4", "running answer_q4", "pending q5"]);
  });

  it("[WB65] an answer on another branch than the one that is shown is not among them", () => {
    const { state } = run([hello(), started({ ...turnOf("elsewhere") })]);
    expect(shortOf(state)).toEqual(["q1", "a1", "q2", "a2"]);
  });

  it("[WB65] a row keeps its name from the question that is typed to the one that is stored", () => {
    const asked = run([hello(), ask("q3")]).state;
    expect(shortOf(asked).slice(4)).toEqual(["pending q3", "thinking"]);
    const stored = run([added("q3", "a2"), started(turnOf("q3"))], asked).state;
    const done = run([ended(turnOf("q3"))], stored).state;
    const keyOf = (state: ChatState, index: number) => rowsOf(state)[index]?.key;
    expect(keyOf(stored, 4)).toBe(keyOf(asked, 4));
    expect(keyOf(done, 4)).toBe(keyOf(asked, 4));
    expect(keyOf(done, 5)).toBe(keyOf(stored, 5));
  });

  it("[WB65] what is on its way takes the place of what it will replace, unless it was refused", () => {
    const edit = run([hello(), CUT, ask("new", { editedId: "q2" })]).state;
    expect(shortOf(edit)).toEqual(["q1", "a1", "pending new"]);
    expect(rowsOf(edit)[2]?.key).toBe("q2");
    const again: ChatEvent = { type: "answer-again", requestId: "r", messageId: "a2", model: "fast" };
    const wished = run([hello(), again]).state;
    expect(shortOf(wished)).toEqual(["q1", "a1", "q2", "thinking"]);
    expect(rowsOf(wished)[3]?.key).toBe("a2");
    const refusal = frame({ type: "error", requestId: "r_new", errorText: "No." });
    const refused = run([hello(), ask("new", { editedId: "q2" }), refusal]).state;
    expect(shortOf(refused)).toEqual(["q1", "a1", "q2", "a2", "pending new"]);
  });

  it("[WB65] between a question that is stored and its turn nothing is said to be missing", () => {
    const stored = run([hello(), ask("q3"), added("q3", "a2")]).state;
    expect(shortOf(stored).slice(4)).toEqual(["q3", "thinking"]);
    const queued = run([started(turnOf("q3")), added("q4", "answer_q3"), ended(turnOf("q3"))], stored).state;
    expect(shortOf(queued).slice(-2)).toEqual(["q4", "thinking"]);
    const edit = run([hello(), ask("new", { editedId: "q2" })]).state;
    const edited = run(
      [frame({ type: "message-added", message: makeQuestion("e2", "a1", "text of new") })],
      edit,
    );
    expect(shortOf(edited.state)).toEqual(["q1", "a1", "e2", "thinking"]);
    expect(shortOf(run([frame(makeHello(PATH.slice(0, 3)))]).state).at(-1)).toBe("unanswered");
  });

  it("[WB65] a question that nobody answers, and what the server would not do, are said at the end", () => {
    const alone = run([frame(makeHello([PATH[0] ?? makeQuestion("q1", null)]))]).state;
    expect(shortOf(alone)).toEqual(["q1", "unanswered"]);
    const said = run([hello(), frame({ type: "error", requestId: "x", errorText: "No." })]).state;
    expect(shortOf(said).at(-1)).toBe("notice");
    const taken = run([
      hello(),
      ask("q3"),
      CUT,
      { type: "take-back", messageId: "q3", requestId: "n" },
    ]).state;
    expect(shortOf(taken)).toEqual(["q1", "a1", "q2", "a2"]);
  });

  it("[WB64] the summary's line stands below the last message it tells, where that is shown", () => {
    const summary = { upToMessageId: "a1", text: "Short." };
    expect(shortOf(run([hello({ summary })]).state)).toEqual(["q1", "a1", "summary", "q2", "a2"]);
    const changed = run([hello(), frame({ type: "summary-changed", summary })]).state;
    expect(rowsOf(changed)[2]).toMatchObject({ kind: "summary", text: "Short." });
    expect(shortOf(run([hello({ summary: { ...summary, upToMessageId: "x" } })]).state)).toHaveLength(4);
  });

  it("[WB62] a message with others beside it shows its place, and branches share a row", () => {
    const branches = { q2: ["q2", "e2"], a2: ["b2", "a2"], a1: ["a1"] };
    const rows = rowsOf(run([hello({ branches })]).state);
    expect(rows.map((row) => ("place" in row ? row.place?.index : undefined))).toEqual([
      undefined,
      undefined,
      0,
      1,
    ]);
    expect(rows[3]).toMatchObject({ key: "b2", place: { ids: ["b2", "a2"] } });
    const again = turnOf("q2");
    const beside = { a2: ["a2", again.messageId], [again.messageId]: ["a2", again.messageId] };
    const running = run([
      hello(),
      frame({ type: "branches-changed", branches: beside }),
      started(again),
    ]).state;
    expect(rowsOf(running)[3]).toMatchObject({ kind: "running", key: "a2", place: { index: 1 } });
  });

  it("[WB66] a message is found among the rows by its id", () => {
    const rows = rowsOf(run([hello({ summary: { upToMessageId: "a1", text: "" } })]).state);
    expect(findRow(rows, "q2")).toBe(3);
    expect(findRow(rows, "nowhere")).toBe(-1);
  });

  it("[WB72] the height of a row is guessed from its text, its width and its files", () => {
    const guess = (text: string, widthPx: number, isQuestion = true) => {
      const message = isQuestion ? makeQuestion("m", null, text) : makeAnswer("m", "q", text);
      return guessRowHeight({ kind: "message", key: "m", message, place: null, waits: false }, widthPx);
    };
    const long = "word ".repeat(200);
    expect(guess(long, 700)).toBeGreaterThan(guess("word", 700));
    expect(guess(long, 300, false)).toBeGreaterThan(guess(long, 700, false));
    expect(guess("a\nb\nc", 700)).toBeGreaterThan(guess("a b c", 700));
    expect(guessRowHeight(undefined, 700)).toBeGreaterThan(0);
  });
});

describe("what is drawn again", () => {
  it("[WB60] while an answer grows nothing but the answer changes", () => {
    const turn = turnOf("q3");
    const begun = run([hello(), added("q3", "a2"), started(turn)]).state;
    let state = begun;
    let settled = settle(begun, null);
    const first = settled;
    makeChunks(["One ", "two ", "three."]).forEach((chunk, sequence) => {
      state = run([frame(makeChunkFrame(sequence, chunk, turn.requestId))], state).state;
      settled = settle(state, settled);
      expect(settled).toBe(first);
    });
    const durable = frame({ type: "durable", requestId: turn.requestId, generation: 0, sequence: 2 });
    expect(settle(run([durable], state).state, settled)).toBe(first);
    const stopping = settle(run([{ type: "stop" }], state).state, settled);
    expect(stopping).not.toBe(first);
    expect(stopping.messages).toBe(first.messages);
    expect(settle(run([ended(turn)], state).state, settled).running).toBeNull();
  });
});

it("[WB73] a shared chat shows each message once, oldest first, whatever page it came with", () => {
  const rows = toSharedRows([{ messages: PATH.slice(2) }, { messages: PATH.slice(0, 3) }]);
  expect(rows.map(({ key }) => key)).toEqual(["q1", "a1", "q2", "a2"]);
});
