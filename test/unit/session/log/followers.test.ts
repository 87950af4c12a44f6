/** Who is sent what of one answer, and when: places, acknowledgements, the end. */
import { describe, expect, it } from "vitest";
import type { AnswerChunk } from "../../../../src/protocol/answer-chunk.ts";
import { MAX_UNACKNOWLEDGED_BYTES } from "../../../../src/protocol/session-frame.ts";
import { Followers, MAX_IDS_PER_SOCKET, toChunkFrame } from "../../../../src/session/log/followers.ts";
import { StreamLog } from "../../../../src/session/log/stream-log.ts";
import { liveSocket, MemoryLogStore, stockSocket, type FakeSocket } from "../session-fakes.ts";

const text = (delta: string): AnswerChunk => ({ type: "text-delta", id: "text-0", delta });
const ABORT: AnswerChunk = { type: "abort" };
/** Eight of them fill a live socket. */
const LARGE = "x".repeat(MAX_UNACKNOWLEDGED_BYTES / 8);

function open() {
  const log = new StreamLog(new MemoryLogStore());
  return { log, followers: new Followers<FakeSocket>(log) };
}

function seal(log: StreamLog, ...chunks: AnswerChunk[]): void {
  for (const chunk of chunks) {
    log.append([chunk]);
    log.seal();
  }
}

const fromZero = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("replay and live", () => {
  it("[SE10] [SE11] everybody gets every chunk under their own request id, once for each", () => {
    const { log, followers } = open();
    const [one, two, stranger] = [stockSocket(), stockSocket(), stockSocket()];
    followers.add('r"1', one, 0);
    followers.add("r2", two, 0);
    followers.add("r2", two, 0);
    followers.add("r3", two, 0);
    followers.sendStart();
    log.append([ABORT]);
    log.save();
    followers.deliver();
    followers.deliver();
    expect(followers.end()).toEqual([]);
    followers.deliver();
    const toFrames = (requestId: string) => [
      { type: "start", requestId },
      { type: "chunk", requestId, sequence: 0, chunk: ABORT },
      { type: "end", requestId },
    ];
    expect(one.frames).toEqual(toFrames('r"1'));
    const byId = (id: string) => two.frames.filter((frame) => "requestId" in frame && frame.requestId === id);
    expect([byId("r2"), byId("r3")]).toEqual([toFrames("r2"), toFrames("r3")]);
    expect(stranger.frames).toEqual([]);
  });

  it("[SE291] who may only be shown what is stored is told the end of an answer that was not", () => {
    const { log, followers } = open();
    const [stock, live] = [stockSocket(), liveSocket()];
    followers.add("r1", stock, 0);
    followers.add("r1", live, 0);
    log.append([text("stored")]);
    log.save();
    followers.deliver();
    const end: AnswerChunk = { type: "error", errorText: "This answer could not be stored." };
    seal(log, text("not stored"), end);
    expect(followers.end()).toEqual([]);
    expect(stock.frames).toEqual([
      { type: "chunk", requestId: "r1", sequence: 0, chunk: text("stored") },
      { type: "chunk", requestId: "r1", sequence: 1, chunk: end },
      { type: "end", requestId: "r1" },
    ]);
    expect(live.of("chunk").map(({ chunk }) => chunk)).toEqual([text("stored"), text("not stored"), end]);
    expect(live.of("end")).toEqual([{ type: "end", requestId: "r1" }]);
  });

  it("[SE116] one socket follows under sixteen ids at the most: the oldest of more ends", () => {
    const { log, followers } = open();
    const [greedy, other] = [stockSocket(), stockSocket()];
    followers.add("r0", other, 0);
    for (const id of fromZero(2_000)) followers.add(`r${id}`, greedy, 0);
    expect(greedy.of("end").map(({ requestId }) => requestId)).toEqual(
      fromZero(2_000 - MAX_IDS_PER_SOCKET).map((id) => `r${id}`),
    );
    log.append([ABORT]);
    log.save();
    followers.deliver();
    expect(greedy.of("chunk")).toHaveLength(MAX_IDS_PER_SOCKET);
    expect([other.of("chunk").length, other.of("end").length]).toEqual([1, 0]);
  });

  it("[SE88] who asks for everything gets everything, also what is on its way already", () => {
    const { log, followers } = open();
    seal(log, text("a"), text("b"));
    const live = liveSocket();
    followers.add("r1", live, 0);
    followers.deliver();
    followers.add("r1", live, 0);
    followers.deliver();
    const sequences = live.frames.flatMap((frame) => (frame.type === "chunk" ? [frame.sequence] : []));
    expect(sequences).toEqual([0, 1, 0, 1]);
  });

  it("[SE11] whoever comes later is sent what lies between its place and the end of the log", () => {
    const { log, followers } = open();
    seal(log, text("a"), text("b"), text("c"));
    log.save();
    const late = liveSocket();
    followers.add("r1", late, 1);
    followers.deliver();
    seal(log, text("d"));
    followers.deliver();
    expect(late.sequencesOf("r1")).toEqual([1, 2, 3]);
    expect(late.textOf("r1")).toBe("bcd");
  });

  it("[SE52] [SE7] a live socket is shown what is sealed, a stock one only what is stored", () => {
    const { log, followers } = open();
    const [live, stock] = [liveSocket(), stockSocket()];
    followers.add("r1", live, 0);
    followers.add("r1", stock, 0);
    seal(log, text("a"), text("b"));
    followers.deliver();
    expect([live.textOf("r1"), stock.textOf("r1")]).toEqual(["ab", ""]);
    log.save();
    followers.deliver();
    expect([live.textOf("r1"), stock.textOf("r1")]).toEqual(["ab", "ab"]);
    log.append([text("c")]);
    followers.deliver();
    expect([live.textOf("r1"), stock.textOf("r1")]).toEqual(["ab", "ab"]);
  });

  it("[SE51] it is known whether somebody follows who waits for the disk", () => {
    const { followers } = open();
    const stock = stockSocket();
    followers.add("r1", liveSocket(), 0);
    expect(followers.hasStock).toBe(false);
    followers.add("r2", stock, 0);
    expect(followers.hasStock).toBe(true);
    followers.remove(stock);
    expect(followers.hasStock).toBe(false);
  });

  it("[SE11] following again under the same id repeats nothing that is on its way, and begins anew from 0", () => {
    const { log, followers } = open();
    const live = liveSocket();
    followers.add("r1", live, 0);
    seal(log, ...Array.from({ length: 8 }, () => text(LARGE)));
    followers.deliver();
    expect(followers.listFull()).toEqual([live]);
    followers.add("r1", live, 3);
    followers.deliver();
    expect(live.sequencesOf("r1")).toEqual(fromZero(8));
    followers.acknowledge("r1", live, 7);
    seal(log, text("more"));
    followers.deliver();
    expect(live.sequencesOf("r1")).toEqual(fromZero(9));
    followers.add("r1", live, 0);
    expect(followers.listFull()).toEqual([]);
    followers.deliver();
    expect(live.sequencesOf("r1")).toEqual([...fromZero(9), ...fromZero(8)]);
  });

  it("[SE16] [SE24] are known by id and socket together, and can leave one id or all", () => {
    const { followers } = open();
    const [one, two] = [stockSocket(), stockSocket()];
    followers.add("r1", one, 0);
    followers.add("r2", one, 0);
    followers.add("r1", two, 0);
    const known = () => [followers.has("r1", one), followers.has("r2", one), followers.has("r1", two)];
    expect([...known(), followers.has("r2", two), followers.has("r9", one)]).toEqual([
      ...[true, true, true],
      ...[false, false],
    ]);
    followers.remove(one, "r1");
    expect(known()).toEqual([false, true, true]);
    followers.remove(one);
    expect(known()).toEqual([false, false, true]);
    followers.sendStart();
    expect([one.frames.length, two.frames.length]).toEqual([0, 1]);
  });

  it("[SE10] a chunk's frame is the JSON of its parts, whatever the request is called", () => {
    const requestId = 'a"b\\c\n名';
    expect(JSON.parse(toChunkFrame(requestId, 7, JSON.stringify(ABORT)))).toEqual({
      type: "chunk",
      requestId,
      sequence: 7,
      chunk: ABORT,
    });
  });
});

describe("acknowledgements", () => {
  it("[SE55] a live socket with 256 KiB on their way is sent no more until it acknowledges", () => {
    const { log, followers } = open();
    const live = liveSocket();
    followers.add("r1", live, 0);
    seal(log, ...Array.from({ length: 30 }, () => text(LARGE)));
    followers.deliver();
    followers.deliver();
    expect(live.sequencesOf("r1")).toEqual(fromZero(8));
    expect(followers.listFull()).toEqual([live]);
    followers.acknowledge("r1", live, 2);
    expect(live.sequencesOf("r1")).toEqual(fromZero(11));
    followers.acknowledge("r1", live, 10);
    expect(live.sequencesOf("r1")).toEqual(fromZero(19));
    followers.acknowledge("r1", live, 29);
    followers.acknowledge("r1", live, 29);
    expect(live.sequencesOf("r1")).toEqual(fromZero(30));
    expect(followers.listFull()).toEqual([]);
  });

  it("[SE55] an acknowledgement of what came before, or of somebody else's, makes no room", () => {
    const { log, followers } = open();
    const [live, other] = [liveSocket(), liveSocket()];
    followers.add("r1", live, 0);
    seal(log, ...Array.from({ length: 20 }, () => text(LARGE)));
    followers.deliver();
    followers.acknowledge("r1", other, 19);
    followers.acknowledge("r2", live, 19);
    expect(live.sequencesOf("r1")).toHaveLength(8);
    followers.acknowledge("r1", live, 4);
    followers.acknowledge("r1", live, 4);
    followers.acknowledge("r1", live, 0);
    expect(live.sequencesOf("r1")).toHaveLength(13);
  });

  it("[SE55] a hundred followers and one that is stuck: the others have everything", () => {
    const { log, followers } = open();
    const stuck = liveSocket();
    const others = Array.from({ length: 100 }, (_, index) =>
      index % 2 === 0 ? liveSocket() : stockSocket(),
    );
    for (const socket of [stuck, ...others]) followers.add("r1", socket, 0);
    for (let round = 0; round < 40; round += 1) {
      seal(log, text(LARGE));
      if (round % 4 === 0) log.save();
      followers.deliver();
      for (const socket of others) if (socket.live) followers.acknowledge("r1", socket, round);
    }
    log.save();
    followers.deliver();
    expect(followers.listFull()).toEqual([stuck]);
    expect(stuck.sequencesOf("r1")).toEqual(fromZero(8));
    for (const socket of others) expect(socket.sequencesOf("r1")).toEqual(fromZero(40));
  });

  it("[SE55] a stock socket acknowledges nothing and is never full", () => {
    const { log, followers } = open();
    const stock = stockSocket();
    followers.add("r1", stock, 0);
    seal(log, ...Array.from({ length: 40 }, () => text(LARGE)));
    log.save();
    followers.deliver();
    expect(stock.sequencesOf("r1")).toHaveLength(40);
    expect(followers.listFull()).toEqual([]);
  });
});

describe("what is durable", () => {
  it("[SE52] is told to live sockets that have it, with the generation", () => {
    const { log, followers } = open();
    const [live, stock, behind] = [liveSocket(), stockSocket(), liveSocket()];
    for (const socket of [live, stock, behind]) followers.add("r1", socket, 0);
    followers.sendDurable(3);
    seal(log, ...Array.from({ length: 8 }, () => text(LARGE)));
    followers.deliver();
    followers.acknowledge("r1", live, 7);
    seal(log, text("more"));
    log.save();
    followers.deliver();
    followers.sendDurable(3);
    expect(live.of("durable")).toEqual([{ type: "durable", requestId: "r1", generation: 3, sequence: 8 }]);
    expect([stock.of("durable"), behind.of("durable")]).toEqual([[], []]);
  });
});

describe("the end", () => {
  it("[SE55] [SE56] is told to everybody who has come to it; those behind are named and told nothing", () => {
    const { log, followers } = open();
    const [live, stock, stuck] = [liveSocket(), stockSocket(), liveSocket()];
    for (const socket of [live, stock, stuck]) followers.add("r1", socket, 0);
    for (let round = 0; round < 12; round += 1) {
      seal(log, text(LARGE));
      followers.deliver();
      followers.acknowledge("r1", live, round);
    }
    log.append([ABORT]);
    log.save();
    expect(followers.end()).toEqual([stuck]);
    for (const socket of [live, stock]) {
      expect(socket.sequencesOf("r1")).toEqual(fromZero(13));
      expect(socket.frames.at(-1)).toEqual({ type: "end", requestId: "r1" });
    }
    expect(stuck.types).not.toContain("end");
    expect(followers.has("r1", live)).toBe(false);
  });
});
