/** Turns that have not ended, in rows and in memory alike. */
import { describe, expect, it } from "vitest";
import { TurnQueue } from "../../../../src/session/turn/turn-queue.ts";
import { TURN } from "../answer-fixtures.ts";
import { liveSocket } from "../session-fakes.ts";
import { ChatDisk } from "../sqlite-store.ts";

function open(disk = new ChatDisk()) {
  const store = disk.open();
  return { disk, store, queue: new TurnQueue(store) };
}

const toTurn = (turnId: string, status: "queued" | "running" = "queued") => {
  const {
    position: _,
    stopRequested: __,
    endedAtMs: ___,
    generation: ____,
    rewoundTo: _____,
    ...rest
  } = TURN;
  return { ...rest, turnId, messageId: `a-${turnId}`, status };
};

describe("open turns", () => {
  it("[SE20] [SE41] are the same in memory and in the rows, in their order, whatever changes", () => {
    const { disk, queue } = open();
    const one = queue.add(toTurn("t1", "running"));
    const two = queue.add(toTurn("t2"));
    queue.add(toTurn("t3"));
    queue.change(one, { generation: 1, rewoundTo: 7 });
    queue.change(two, { stopRequested: true });
    expect(queue.open.map(({ turnId }) => turnId)).toEqual(["t1", "t2", "t3"]);
    expect(queue.findQueued()?.turnId).toBe("t2");
    expect(queue.listRunning()).toMatchObject([{ turnId: "t1", generation: 1, rewoundTo: 7 }]);
    expect(open(disk).queue.open).toEqual(queue.open);
  });

  it("[SE20] that ended are gone, also for the next life", () => {
    const { disk, store, queue } = open();
    const [one, two] = [queue.add(toTurn("t1", "running")), queue.add(toTurn("t2"))];
    store.updateTurn(one.position, { status: "complete", endedAtMs: 1 });
    queue.remove(one);
    expect(queue.open).toEqual([two]);
    expect(queue.listRunning()).toEqual([]);
    expect(open(disk).queue.open).toEqual([two]);
  });

  it("[SE20] are counted with those that were taken back behind them", () => {
    const { store, queue } = open();
    expect(queue.countBehind()).toBe(0);
    queue.add(toTurn("t1", "running"));
    for (const id of ["t2", "t3"]) {
      const turn = queue.add(toTurn(id));
      store.updateTurn(turn.position, { status: "cancelled", endedAtMs: 1 });
      queue.remove(turn);
    }
    expect([queue.countBehind(), queue.open.length]).toEqual([2, 1]);
    queue.add(toTurn("t4"));
    expect(queue.countBehind()).toBe(3);
  });

  it("[SE41] one that runs is found behind as many as may be taken back behind it", () => {
    const { disk, store, queue } = open();
    queue.add(toTurn("t0", "running"));
    for (let count = 1; count <= 54; count += 1) {
      const turn = queue.add(toTurn(`t${count}`));
      store.updateTurn(turn.position, { status: "cancelled", endedAtMs: 1 });
      queue.remove(turn);
    }
    expect(open(disk).queue.listRunning()).toMatchObject([{ turnId: "t0" }]);
  });
});

describe("who waits", () => {
  it("[SE20] [SE16] is known by turn, and forgotten with the socket or the turn", () => {
    const { queue } = open();
    const [one, two] = [queue.add(toTurn("t1")), queue.add(toTurn("t2"))];
    const [socket, other] = [liveSocket(), liveSocket()];
    queue.wait(one, "r1", socket);
    queue.wait(one, "r2", other);
    queue.wait(two, "r3", socket);
    expect(queue.listWaiting(one).map(({ requestId }) => requestId)).toEqual(["r1", "r2"]);
    queue.forgetSocket(socket);
    expect([queue.listWaiting(one), queue.listWaiting(two)]).toEqual([
      [{ requestId: "r2", socket: other }],
      [],
    ]);
    queue.remove(one);
    expect(queue.listWaiting(one)).toEqual([]);
  });
});

describe("who waits", () => {
  it("[SE116] does so under sixteen ids at the most, each once", () => {
    const { queue } = open();
    const turn = queue.add(toTurn("t1"));
    const [greedy, other] = [liveSocket(), liveSocket()];
    queue.wait(turn, "r0", other);
    for (let id = 0; id < 20; id += 1) {
      queue.wait(turn, `r${id}`, greedy);
      queue.wait(turn, `r${id}`, greedy);
    }
    const waiting = queue.listWaiting(turn);
    expect(waiting.filter(({ socket }) => socket === other)).toHaveLength(1);
    const ids = waiting.filter(({ socket }) => socket === greedy).map(({ requestId }) => requestId);
    expect(ids).toEqual(Array.from({ length: 16 }, (_, index) => `r${index + 4}`));
    expect(greedy.of("end").map(({ requestId }) => requestId)).toEqual(["r0", "r1", "r2", "r3"]);
  });
});
