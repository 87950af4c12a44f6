/** Sockets that do not say that anything arrived. */
import { describe, expect, it } from "vitest";
import { SlowSockets } from "../../../../src/session/log/slow-sockets.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { FakeSocket, liveSocket } from "../session-fakes.ts";

function open() {
  const clock = new VirtualClock();
  const stuck: FakeSocket[] = [];
  const slow = new SlowSockets(clock, (socket) => {
    if (socket instanceof FakeSocket) stuck.push(socket);
  });
  return { clock, slow, stuck };
}

describe("a socket that is full", () => {
  it("[SE56] is closed with 4408 when it has been for 30 seconds, once, also when nobody looks again", async () => {
    const { clock, slow, stuck } = open();
    const socket = liveSocket();
    slow.note([socket]);
    await clock.advance(29_999);
    slow.note([socket]);
    expect([socket.closing, slow.isSlow(socket)]).toEqual([null, true]);
    await clock.advance(1);
    expect(socket.closing).toEqual({ code: 4408, reason: expect.stringContaining("too slow") });
    expect([stuck, slow.isSlow(socket), clock.pendingTimers]).toEqual([[socket], false, 0]);
  });

  it("[SE56] that acknowledges something has thirty seconds again", async () => {
    const { clock, slow } = open();
    const socket = liveSocket();
    slow.note([socket]);
    await clock.advance(20_000);
    expect([slow.noteArrival(socket), slow.noteArrival(socket)]).toEqual([true, false]);
    expect(slow.isSlow(socket)).toBe(false);
    slow.note([socket]);
    await clock.advance(20_000);
    expect(socket.closing).toBeNull();
    await clock.advance(10_000);
    expect(socket.closing).toMatchObject({ code: 4408 });
  });

  it("[SE56] that has gone by itself is left alone", async () => {
    const { clock, slow, stuck } = open();
    const gone = liveSocket();
    slow.note([gone]);
    slow.forget(gone);
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(60_000);
    expect([gone.closing, stuck]).toEqual([null, []]);
  });
});
