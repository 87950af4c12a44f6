/** What is stored when a turn ends, and which message the path ends with. */
import { describe, expect, it } from "vitest";
import { saveTurnEnd } from "../../../../src/session/turn/save-turn-end.ts";
import { StreamLog } from "../../../../src/session/log/stream-log.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { NOW_MS, RECEIPT, RECORD, SESSION, toMessage, TURN } from "../answer-fixtures.ts";
import { ChatDisk } from "../sqlite-store.ts";

function open(session: Partial<typeof SESSION> = {}) {
  const disk = new ChatDisk();
  const store = disk.open();
  const { leafMessageId, lastProvider, ...row } = { ...SESSION, ...session };
  store.createSession(row);
  store.updateSession({ leafMessageId, lastProvider });
  store.messages.append(toMessage("q1", "user", "Hello?"));
  const clock = new VirtualClock();
  const add = (turnId: string, status: "queued" | "running") => {
    const {
      position: _,
      stopRequested: __,
      endedAtMs: ___,
      generation: ____,
      rewoundTo: _____,
      ...rest
    } = TURN;
    return store.createTurn({ ...rest, turnId, messageId: `a-${turnId}`, status });
  };
  const end = (turn: typeof TURN, status: "complete" | "cancelled" = "complete", records = [RECORD]) => {
    const log = new StreamLog(store.openStreamLog(turn.position));
    log.append([{ type: "abort" }]);
    const session = store.readSession();
    if (session === null) throw new Error("the session is there");
    const receipt = { ...RECEIPT, status };
    const parts = [{ type: "text" as const, text: "Hi", state: "done" as const }];
    return saveTurnEnd({ store, clock }, session, turn, log, { status, parts, receipt, records });
  };
  return { disk, store, clock, add, end };
}

describe("the end of a turn", () => {
  it("[SE43] [SE3] stores the last chunks, the message, the state and every record", () => {
    const { disk, store, clock, add, end } = open();
    const turn = add("t1", "running");
    const message = end(turn, "complete", [RECORD, { ...RECORD, id: "sel_2", provider: "google" }]);
    expect(message).toEqual({
      ...toMessage("a-t1", "assistant", [{ type: "text", text: "Hi", state: "done" }], "q1"),
      metadata: { ...RECEIPT, status: "complete" },
    });
    expect(store.messages.find("a-t1")).toEqual(message);
    expect(store.findTurn("t1")).toMatchObject({ status: "complete", endedAtMs: clock.nowMs() });
    expect(new StreamLog(store.openStreamLog(turn.position)).readStored()).toEqual(['{"type":"abort"}']);
    expect(
      store.readOutbox(9).map(({ message: { record, sessionTitle } }) => [record.id, sessionTitle]),
    ).toEqual([
      ["sel_1", "Weather"],
      ["sel_2", "Weather"],
    ]);
    expect(store.readSession()).toMatchObject({ leafMessageId: "a-t1", lastProvider: "google" });
    expect(disk.all("select count(*) as n from message")).toEqual([{ n: 2 }]);
  });

  it("[SE43] of which nothing is on record changes no provider, and an unnamed chat gives no name away", () => {
    const { store, add, end } = open({ title: "New chat" });
    end(add("t1", "running"), "cancelled", [{ ...RECORD, provider: null }]);
    expect(store.readSession()).toMatchObject({ lastProvider: "openai", leafMessageId: "a-t1" });
    expect(store.readOutbox(1)[0]?.message.sessionTitle).toBeNull();
  });

  it("[SE24] [SE20] behind which one was taken back leaves the path where that one ended it", () => {
    const { store, add, end } = open();
    const [one, two] = [add("t1", "running"), add("t2", "queued")];
    end(two, "cancelled");
    expect(store.readSession()?.leafMessageId).toBe("a-t2");
    end(one);
    expect(store.readSession()?.leafMessageId).toBe("a-t2");
  });

  it("[SE20] in front of others that go on is where the path ends for now", () => {
    const { store, add, end } = open();
    const turns = [add("t1", "running"), add("t2", "queued"), add("t3", "queued")];
    for (const turn of turns) {
      end(turn);
      expect(store.readSession()?.leafMessageId).toBe(turn.messageId);
    }
  });

  it("[SE20] and any order of taking back: the path ends with the last that was asked", () => {
    for (const order of [
      [2, 1, 0],
      [1, 2, 0],
      [2, 0, 1],
      [1, 0, 2],
      [0, 2, 1],
    ]) {
      const { store, add, end } = open();
      const turns = [add("t1", "running"), add("t2", "queued"), add("t3", "queued")];
      for (const index of order) {
        const turn = turns[index];
        if (turn !== undefined) end(turn, index === 0 ? "complete" : "cancelled");
      }
      expect(store.readSession()?.leafMessageId).toBe("a-t3");
    }
  });
});

describe("times", () => {
  it("[SE2] the message is as old as its answer's beginning", () => {
    const { add, end } = open();
    expect(end(add("t1", "running")).createdAt).toBe(new Date(NOW_MS).toISOString());
  });
});
