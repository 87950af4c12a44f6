/** Pages of a path, branches beside it, messages that are looked for. Rules WB1, WB15, WB61 to WB63, WB66, WB67. */
import { describe, expect, it } from "vitest";
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import type { ChatEvent, ChatState } from "../../../web/session/chat-state.ts";
import {
  added,
  CUT,
  ended,
  frame,
  lastFrames,
  makeAnswer,
  makeHello,
  makeQuestion,
  run,
  started,
  TURN,
  turnOf,
} from "./chat-fixture.ts";

/** Questions and answers `q0 a0 q1 a1 …`, one each second. */
function makePath(pairs: number): StoredMessage[] {
  return Array.from({ length: pairs * 2 }, (_, index) => {
    const pair = Math.floor(index / 2);
    const createdAt = new Date(Date.UTC(2026, 10, 20, 12, 0, index)).toISOString();
    const parentId = pair === 0 ? null : `a${pair - 1}`;
    const message = index % 2 === 0 ? makeQuestion(`q${pair}`, parentId) : makeAnswer(`a${pair}`, `q${pair}`);
    return { ...message, createdAt };
  });
}
const PATH = makePath(10);
const page = (from: number, to?: number) => PATH.slice(from, to);
const idsOf = (state: ChatState) => state.messages.map(({ id }) => id);
const allIds = PATH.map(({ id }) => id);
const newest = run([frame(makeHello(page(12), null, { hasOlder: true }))]).state;
const older = (from: number, to: number, before: string): ChatEvent =>
  frame({ type: "older-messages", before, messages: page(from, to), hasOlder: from > 0, branches: {} });
const change = (messages: StoredMessage[], hasOlder = false): ChatEvent =>
  frame({ type: "path-changed", messages, hasOlder, branches: {} });

describe("pages", () => {
  it("[WB61] asks for older messages once at a time and sets them above", () => {
    const asked = run([{ type: "load-older" }, { type: "load-older" }], newest);
    expect(asked.effects).toMatchObject([[{ frame: { type: "load-older", before: "q6" } }], []]);
    const more = run([older(4, 12, "q6"), { type: "load-older" }, older(0, 4, "q2")], asked.state);
    expect(idsOf(more.state)).toEqual(allIds);
    expect(more.state).toMatchObject({ hasOlder: false, isLoadingOlder: false });
    expect(run([{ type: "load-older" }], more.state).effects).toEqual([[]]);
  });

  it("[WB61] drops those of a path that is not shown any more, and asks again after a lost line", () => {
    const other = [makeQuestion("other", null)];
    const { state } = run([{ type: "load-older" }, change(other), older(4, 12, "q6")], newest);
    expect(state.messages).toEqual(other);
    const lost = run([{ type: "load-older" }, CUT, { type: "load-older" }], newest);
    expect(lost.effects.slice(1)).toEqual([[], []]);
    const back = run(
      [frame(makeHello(page(12), null, { hasOlder: true })), { type: "load-older" }],
      lost.state,
    );
    expect(lastFrames(back.effects)).toMatchObject([{ type: "load-older" }]);
  });

  it("[WB1] a hello keeps what was loaded above its first message, and only that", () => {
    const loaded = run([{ type: "load-older" }, older(4, 12, "q6")], newest).state;
    const branches = { q2: ["q2", "x"], a8: ["a8", "y"] };
    const known = run([frame({ type: "branches-changed", branches })], loaded).state;
    const again = run([frame(makeHello(page(14), null, { hasOlder: true }))], known).state;
    expect(idsOf(again)).toEqual(allIds.slice(4));
    expect(again).toMatchObject({ hasOlder: true, branches: { q2: ["q2", "x"] } });
    expect(Object.keys(again.branches)).toEqual(["q2"]);
    const other = run([frame(makeHello([makeQuestion("other", null)]))], known).state;
    expect(other).toMatchObject({ hasOlder: false, branches: {} });
    expect(idsOf(other)).toEqual(["other"]);
  });

  it("[WB1] a second hello on the same socket is the whole truth", () => {
    const running = run([frame(makeHello(page(12), { ...TURN, parentId: "a9" }))]).state;
    const { state, effects } = run([frame(makeHello(page(12, 16)))], running);
    expect(idsOf(state)).toEqual(allIds.slice(12, 16));
    expect(state.running).toBeNull();
    expect(effects).toEqual([[]]);
  });
});

describe("branches", () => {
  const branches = { q1: ["q1", "e1"] };

  it("[WB62] are known by the hello, changed by name, and replaced with the path", () => {
    const known = run([frame(makeHello(PATH, null, { branches }))]).state;
    expect(known.branches).toEqual(branches);
    const more = { a9: ["a9", "b9"] };
    const changed = run([frame({ type: "branches-changed", branches: more })], known).state;
    expect(changed.branches).toEqual({ ...branches, ...more });
    expect(run([change([makeQuestion("e1", "a0")])], changed).state.branches).toEqual({});
  });

  it("[WB63] another one is shown on the server's word, and only while nothing is under way", () => {
    const known = run([frame(makeHello(PATH, null, { branches }))]).state;
    const select: ChatEvent = { type: "select-branch", messageId: "e1" };
    const asked = run([select], known);
    expect(asked.effects).toEqual([[{ type: "send-frame", frame: select }]]);
    expect(asked.state).toBe(known);
    const path = [...page(0, 2), makeQuestion("e1", "a0")];
    expect(run([change(path)], asked.state).state.messages).toEqual(path);
    expect(run([select], run([CUT], known).state).effects).toEqual([[]]);
    const running = run([started({ ...TURN, parentId: "a9" })], known).state;
    expect(run([select], running).effects).toEqual([[]]);
    const refused = frame({ type: "error", requestId: "e1", errorText: "Still writing." });
    expect(run([refused], known).state.notice).toBe("Still writing.");
  });

  it("[WB15] an edited question of another tab takes the place of the one beside it", () => {
    const at = (id: string, parentId: string | null) => idsOf(run([added(id, parentId)], known).state);
    const known = run([frame(makeHello(PATH))]).state;
    expect(at("e0", null)).toEqual(["e0"]);
    expect(at("e3", "a2")).toEqual([...allIds.slice(0, 6), "e3"]);
    expect(at("q10", "a9")).toEqual([...allIds, "q10"]);
    const above = run([added("e1", "a0")], newest).state;
    expect(idsOf(above)).toEqual(["e1"]);
    expect(above.hasOlder).toBe(true);
  });

  it("[WB15] questions below answers that are still to come keep their order, and answers find them", () => {
    const asked = run([added("q10", "a9"), started({ ...turnOf("q10") })], newest).state;
    const queued = run([added("q11", "answer_q10"), added("q12", "answer_q11")], asked).state;
    expect(idsOf(queued).slice(-3)).toEqual(["q10", "q11", "q12"]);
    const done = run([ended(turnOf("q10")), started(turnOf("q11")), ended(turnOf("q11"))], queued).state;
    expect(idsOf(done).slice(-5)).toEqual(["q10", "answer_q10", "q11", "answer_q11", "q12"]);
    // An answer on another branch is not this path's.
    expect(run([ended({ ...TURN, parentId: "elsewhere" })], done).state.messages).toEqual(done.messages);
  });
});

describe("jumping to a message", () => {
  const jump = (messageId: string, createdAt: string): ChatEvent => ({
    type: "jump-to",
    messageId,
    createdAtMs: Date.parse(createdAt),
  });
  const createdAt = (id: string) => PATH.find((message) => message.id === id)?.createdAt ?? "";
  const phaseOf = (state: ChatState) => state.jump?.phase;

  it("[WB66] finds one that is loaded, and loads what is above for one that is not", () => {
    expect(phaseOf(run([jump("a8", createdAt("a8"))], newest).state)).toBe("found");
    const looking = run([jump("q1", createdAt("q1"))], newest);
    expect(lastFrames(looking.effects)).toEqual([{ type: "load-older", before: "q6", limit: 200 }]);
    const more = run([older(6, 12, "q6")], looking.state);
    expect(lastFrames(more.effects)).toMatchObject([{ before: "q3" }]);
    const { state } = run([older(0, 6, "q3")], more.state);
    expect(phaseOf(state)).toBe("found");
    expect(run([{ type: "jump-end" }], state).state.jump).toBeNull();
  });

  it("[WB66] shows the branch of one that cannot be above, and looks for it there", () => {
    const elsewhere = [...page(0, 4), { ...makeQuestion("e2", "a1"), createdAt: createdAt("a9") }];
    const switching = run([jump("e2", createdAt("a9"))], newest);
    expect(lastFrames(switching.effects)).toEqual([{ type: "select-branch", messageId: "e2" }]);
    expect(phaseOf(run([change(elsewhere)], switching.state).state)).toBe("found");
    const deep = run([change(page(14), true)], switching.state);
    expect(lastFrames(deep.effects)).toMatchObject([{ type: "load-older", before: "q7" }]);
    const nowhere = run([older(0, 14, "q7")], deep.state).state;
    expect(nowhere.jump).toMatchObject({ phase: "failed", errorText: "This message could not be found." });
  });

  it("[WB67] says why when the branch cannot be shown", () => {
    const switching = run([jump("e2", createdAt("a9"))], newest).state;
    const refused = run([frame({ type: "error", requestId: "e2", errorText: "Still writing." })], switching);
    expect(refused.state).toMatchObject({
      notice: null,
      jump: { phase: "failed", errorText: "Still writing." },
    });
    const running = run([started({ ...TURN, parentId: "a9" }), jump("e2", createdAt("a9"))], newest);
    expect(running.state.jump?.errorText).toMatch(/another branch/);
    expect(lastFrames(running.effects)).toEqual([]);
  });

  it("[WB67] goes on after a reconnect", () => {
    const offline = run([CUT, jump("q1", createdAt("q1"))], newest);
    expect(offline.effects.flat()).toEqual([]);
    const back = run([frame(makeHello(page(12), null, { hasOlder: true }))], offline.state);
    expect(lastFrames(back.effects)).toMatchObject([{ type: "load-older", limit: 200 }]);
    const switching = run([jump("e2", createdAt("a9")), CUT], newest).state;
    const again = run([frame(makeHello(page(12), null, { hasOlder: true }))], switching);
    expect(lastFrames(again.effects)).toMatchObject([{ type: "select-branch" }]);
  });
});
