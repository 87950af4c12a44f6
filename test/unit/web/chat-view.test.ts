/** The chat's state machine: hello, chunks, ends. Rules WB1 to WB7, WB13 to WB17, WB19. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toPlainText, toStreamedParts } from "../../../web/session/answer-part.ts";
import { newChatState } from "../../../web/session/chat-state.ts";
import type { ChatState } from "../../../web/session/chat-state.ts";
import { applyChatEvent } from "../../../web/session/chat-view.ts";
import { canAsk } from "../../../web/session/outbox-step.ts";
import {
  CUT,
  frame,
  lastFrames,
  makeAnswer,
  makeChunkFrame,
  makeChunks,
  makeHello,
  makeQuestion,
  makeReceipt,
  RESUME,
  run,
  SESSION_ID,
  TURN,
} from "./chat-fixture.ts";

const QUESTION = makeQuestion("question_1", null);
const pieces = ["Hello", ", ", "world"];
const chunks = makeChunks(pieces);
const chunkAt = (sequence: number) => {
  const chunk = chunks[sequence];
  if (chunk === undefined) throw new Error(`the answer has no chunk ${sequence}`);
  return frame(makeChunkFrame(sequence, chunk));
};
const textOf = (state: ChatState) =>
  state.running === null ? null : toPlainText(toStreamedParts(state.running.answer));
const running = run([frame(makeHello([QUESTION], TURN))]).state;

describe("hello", () => {
  it("[WB1] shows the chat as it stands and replaces what was there", () => {
    const { state } = run([
      frame(makeHello([makeQuestion("old", null)])),
      frame({ ...makeHello([QUESTION]), presence: 3, title: "Other" }),
    ]);
    expect(state).toMatchObject({
      stage: "ready",
      connection: "live",
      title: "Other",
      presence: 3,
      running: null,
    });
    expect(state.messages).toEqual([QUESTION]);
  });

  it("[WB2] resumes a running turn from nothing, or from the cursor of the same turn", () => {
    expect(lastFrames(run([frame(makeHello([QUESTION], TURN))]).effects)).toEqual([RESUME]);
    const cut = run([chunkAt(0), chunkAt(1), chunkAt(2), CUT], running).state;
    expect(cut.connection).toBe("reconnecting");
    const back = run([frame(makeHello([QUESTION], TURN))], cut);
    expect(lastFrames(back.effects)).toEqual([{ ...RESUME, lastSequence: 2 }]);
    expect(textOf(back.state)).toBe("Hello");
    const other = run(
      [frame(makeHello([QUESTION], { ...TURN, turnId: "turn_2", requestId: "request_2" }))],
      cut,
    );
    expect(lastFrames(other.effects)).toEqual([{ ...RESUME, turnId: "turn_2", requestId: "request_2" }]);
    expect(textOf(other.state)).toBe("");
  });
});

describe("chunks", () => {
  it("[WB3] drops a sequence it has", () => {
    const once = run([chunkAt(0), chunkAt(1), chunkAt(2)], running).state;
    expect(run([chunkAt(2), chunkAt(1), chunkAt(0)], once).state).toEqual(once);
  });

  it("[WB4] asks once for what a gap left out and waits for it", () => {
    const before = run([chunkAt(0), chunkAt(1), chunkAt(2)], running).state;
    const gap = run([chunkAt(4), chunkAt(5)], before);
    expect(gap.effects).toEqual([[{ type: "send-frame", frame: { ...RESUME, lastSequence: 2 } }], []]);
    expect(textOf(gap.state)).toBe("Hello");
    const filled = run([chunkAt(3), chunkAt(4), chunkAt(6)], gap.state);
    expect(textOf(filled.state)).toBe("Hello, world");
    // A second gap asks again.
    expect(lastFrames(filled.effects)).toEqual([{ ...RESUME, lastSequence: 4 }]);
  });

  it("[WB5] ignores chunks of another turn", () => {
    const foreign = frame(makeChunkFrame(0, { type: "text-start", id: "0" }, "request_9"));
    expect(run([foreign], running).state).toBe(running);
    const idle = run([frame(makeHello([QUESTION]))]).state;
    expect(run([chunkAt(0)], idle).state).toBe(idle);
  });

  it("[WB6] takes the stored message for the one put together", () => {
    const stored = makeAnswer(TURN.messageId, QUESTION.id, "As stored");
    const { state } = run(
      [
        chunkAt(0),
        chunkAt(1),
        chunkAt(2),
        frame({ type: "turn-ended", turnId: TURN.turnId, message: stored }),
      ],
      running,
    );
    expect(state.running).toBeNull();
    expect(state.messages).toEqual([QUESTION, stored]);
  });

  it("[WB7] converges whatever is dropped, doubled or cut off", () => {
    const fault = fc.constantFrom("deliver", "drop", "double", "cut");
    fc.assert(
      fc.property(fc.array(fault, { minLength: 40, maxLength: 40 }), (faults) => {
        let state = newChatState(SESSION_ID, []);
        let next = 0;
        let at = 0;
        const take = (event: Parameters<typeof applyChatEvent>[1]): void => {
          const step = applyChatEvent(state, event);
          state = step.state;
          for (const effect of step.effects) {
            if (effect.type === "send-frame" && effect.frame.type === "resume")
              next = (effect.frame.lastSequence ?? -1) + 1;
          }
        };
        take(frame(makeHello([QUESTION], TURN)));
        for (let round = 0; round < 400 && next < chunks.length; round += 1) {
          const kind = faults[at] ?? "deliver";
          at += 1;
          const sequence = next;
          next += 1;
          if (kind === "cut") {
            take(CUT);
            take(frame(makeHello([QUESTION], TURN)));
          } else if (kind !== "drop") {
            take(chunkAt(sequence));
            if (kind === "double") take(chunkAt(sequence));
          } else if (sequence === chunks.length - 1) {
            // Nothing follows the last chunk that would show the gap: only the end does.
            break;
          }
        }
        const stored = makeAnswer(TURN.messageId, QUESTION.id, pieces.join(""));
        const text = textOf(state);
        expect(pieces.join("").startsWith(text ?? "")).toBe(true);
        take(frame({ type: "turn-ended", turnId: TURN.turnId, message: stored }));
        expect(state.messages).toEqual([QUESTION, stored]);
      }),
    );
  });
});

describe("turns", () => {
  it("[WB13] sends stop once, or after the hello when there was no socket", () => {
    const stopped = run([{ type: "stop" }, { type: "stop" }], running);
    expect(stopped.effects).toEqual([
      [{ type: "send-frame", frame: { type: "stop", turnId: TURN.turnId } }],
      [],
    ]);
    const lost = run([{ type: "socket-close", code: 1006, online: false }, { type: "stop" }], running);
    expect(lost.effects).toEqual([[], []]);
    expect(lastFrames(run([frame(makeHello([QUESTION], TURN))], lost.state).effects)).toEqual([
      RESUME,
      { type: "stop", turnId: TURN.turnId },
    ]);
    expect(lastFrames(run([frame(makeHello([QUESTION]))], lost.state).effects)).toEqual([]);
  });

  it("[WB14] puts another answer in place of the old one and what is below it", () => {
    const old = [QUESTION, makeAnswer("answer_0", QUESTION.id), makeQuestion("question_2", "answer_0")];
    const { state } = run([frame(makeHello(old)), frame({ type: "turn-started", turn: TURN })]);
    expect(state.messages).toEqual([QUESTION]);
    expect(state.running?.turn).toEqual(TURN);
  });

  it("[WB15] keeps the place of questions that wait", () => {
    const waiting = makeQuestion("question_2", TURN.messageId);
    const queued = run([frame({ type: "message-added", message: waiting })], running).state;
    expect(queued.messages).toEqual([QUESTION, waiting]);
    expect(
      run([frame({ type: "turn-started", turn: { ...TURN, turnId: "turn_x" } })], queued).state.messages,
    ).toEqual([QUESTION, waiting]);
    const stored = makeAnswer(TURN.messageId, QUESTION.id);
    const ended = run([frame({ type: "turn-ended", turnId: TURN.turnId, message: stored })], queued).state;
    expect(ended.messages).toEqual([QUESTION, stored, waiting]);
  });

  it("[WB16] says that a chat is gone and stops connecting", () => {
    const deleted = run([frame({ type: "session-changed", title: "", presence: 0, deleted: true })], running);
    expect(deleted.state).toMatchObject({ stage: "deleted", running: null });
    expect(deleted.effects).toEqual([[{ type: "disconnect" }]]);
    expect(run([{ type: "socket-close", code: 4404, online: true }], deleted.state).state.stage).toBe(
      "deleted",
    );
    const missing = run([{ type: "socket-close", code: 4404, online: true }]);
    expect(missing.state.stage).toBe("missing");
    expect(missing.effects).toEqual([[{ type: "disconnect" }]]);
    expect(run([{ type: "socket-close", code: 4401, online: true }], running).state.stage).toBe("signed-out");
    expect(canAsk(missing.state)).toBe(false);
  });

  it("[WB17] opens a new socket when there is nothing to resume", () => {
    expect(run([frame({ type: "no-active", requestId: TURN.requestId })], running).effects).toEqual([
      [{ type: "reconnect" }],
    ]);
    expect(run([frame({ type: "no-active", requestId: "other" })], running).effects).toEqual([[]]);
  });
});

it("[WB19] never changes the state it was given", () => {
  const before = run([chunkAt(0), chunkAt(1), chunkAt(2)], running).state;
  const copy = structuredClone(before);
  run(
    [
      chunkAt(3),
      chunkAt(4),
      { type: "stop" },
      frame({ type: "message-added", message: makeQuestion("q", null) }),
    ],
    before,
  );
  const receipt = makeReceipt({ status: "cancelled" });
  run([frame(makeChunkFrame(3, { type: "message-metadata", messageMetadata: receipt })), chunkAt(4)], before);
  expect(before).toEqual(copy);
});
