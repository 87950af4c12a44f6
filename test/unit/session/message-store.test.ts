/** The tree of messages in its rows: paths and their limits, scans, logs that grow in place. */
import { describe, expect, it } from "vitest";
import type { PathLimits } from "../../../src/session/rows.ts";
import { StreamLog } from "../../../src/session/log/stream-log.ts";
import { RecentMessages } from "../../../src/session/store/recent-messages.ts";
import { RECEIPT, SESSION, toMessage } from "./answer-fixtures.ts";
import { ChatDisk } from "./sqlite-store.ts";

const ALL: PathLimits = { maxMessages: 1_000 };

function open() {
  const disk = new ChatDisk();
  const store = disk.open();
  const { leafMessageId: _, lastProvider: __, ...row } = SESSION;
  store.createSession(row);
  /** A chain of so many messages: m0, m1, … */
  const chain = (count: number, text = "x"): void => {
    for (let index = 0; index < count; index += 1) {
      const role = index % 2 === 0 ? "user" : "assistant";
      const message = toMessage(`m${index}`, role, text, index === 0 ? null : `m${index - 1}`);
      store.messages.append(role === "user" ? message : { ...message, metadata: RECEIPT });
    }
  };
  const read = (leaf: string | null, limits: PathLimits) => {
    const { messages, hasOlder } = store.messages.paths.read(leaf, [], limits);
    return [messages.map(({ id }) => Number(id.slice(1))), hasOlder];
  };
  return { disk, store, chain, read };
}

describe("a path", () => {
  it("[SE70] goes from a leaf as far up as it may, and says whether there is more", () => {
    const { chain, read } = open();
    chain(6);
    expect(read("m5", ALL)).toEqual([[0, 1, 2, 3, 4, 5], false]);
    expect(read("m5", { maxMessages: 6 })).toEqual([[0, 1, 2, 3, 4, 5], false]);
    expect(read("m5", { maxMessages: 5 })).toEqual([[1, 2, 3, 4, 5], true]);
    expect(read("m3", { maxMessages: 1 })).toEqual([[3], true]);
    expect(read("nowhere", ALL)).toEqual([[], false]);
    expect(read(null, ALL)).toEqual([[], false]);
  });

  it("[SE74] [SE77] stops at a length, and below a message that a summary stands for", () => {
    const { chain, read } = open();
    chain(9, "x".repeat(100));
    expect(read("m8", { ...ALL, maxCharacters: 300 })).toEqual([[6, 7, 8], true]);
    expect(read("m8", { ...ALL, maxCharacters: 1 })).toEqual([[8], true]);
    expect(read("m8", { ...ALL, maxCharacters: 1_000_000 })).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8], false]);
    expect(read("m8", { ...ALL, stopBelow: new Set(["m4", "m1"]) })).toEqual([[5, 6, 7, 8], true]);
    expect(read("m4", { ...ALL, stopBelow: new Set(["m4"]) })).toEqual([[], false]);
  });

  it("[SE77] is read also in a chat that was summarised a hundred times", () => {
    const { store, chain, read } = open();
    chain(20);
    const stopBelow = new Set(Array.from({ length: 300 }, (_, index) => `s${index}`)).add("m9");
    expect(read("m19", { ...ALL, stopBelow })).toEqual([[10, 11, 12, 13, 14, 15, 16, 17, 18, 19], true]);
    for (const id of stopBelow) store.summaries.append({ upToMessageId: id, body: "x", createdAtMs: 1 });
    expect(store.summaries.read()).toHaveLength(301);
  });

  it("[SE99] is the same out of memory as from disk, whatever the limits and wherever memory ends", () => {
    const { disk, store, chain } = open();
    chain(40, "x".repeat(9_000));
    store.messages.append(toMessage("q", "user", "beside", "m7"));
    const stopBelow = new Set(["m21"]);
    const limits: PathLimits[] = [
      ALL,
      ...[1, 5, 27, 39, 40].map((maxMessages) => ({ maxMessages })),
      ...[1, 9_100, 100_000, 260_000, 330_000].map((maxCharacters) => ({ ...ALL, maxCharacters })),
      { ...ALL, stopBelow },
      { maxMessages: 25, maxCharacters: 150_000, stopBelow },
    ];
    const leaves = ["m39", "q", "m38", "m3", "nowhere"];
    for (const each of limits) {
      for (const leaf of leaves) {
        const fromDisk = disk.openBeside().messages.paths.read(leaf, [], each);
        expect(store.messages.paths.read(leaf, [], each)).toEqual(fromDisk);
      }
    }
  });

  it("[SE99] is not read from disk again, and what was stored is not read at all", () => {
    const { disk, chain, store } = open();
    chain(10);
    const reads = (work: () => unknown): number => {
      const before = disk.statements;
      work();
      return disk.statements - before;
    };
    expect(reads(() => store.messages.paths.read("m9", [], ALL))).toBe(0);
    expect(reads(() => store.messages.find("m4"))).toBe(0);
    const next = disk.open();
    expect(reads(() => next.messages.paths.read("m9", [], ALL))).toBe(1);
    expect(reads(() => next.messages.paths.read("m9", [], ALL))).toBe(0);
    next.messages.forget();
    expect(reads(() => next.messages.paths.read("m9", [], ALL))).toBe(1);
  });

  it("[SE99] takes no more memory than it may, and keeps what was used last", () => {
    const recent = new RecentMessages();
    const long = (id: string) => toMessage(id, "user", "x".repeat(100_000));
    recent.remember(["a", "b"].map(long));
    recent.remember([long("a")]);
    recent.remember([long("c")]);
    expect(["a", "b", "c"].map((id) => recent.find(id) !== null)).toEqual([true, false, true]);
    recent.remember([toMessage("d", "user", "x".repeat(300_000))]);
    expect(["a", "c", "d"].map((id) => recent.find(id))).toEqual([null, null, null]);
    const short = Array.from({ length: 1_000 }, (_, index) => toMessage(`s${index}`, "user", "x"));
    recent.remember(short);
    expect(short.filter(({ id }) => recent.find(id) !== null).map(({ id }) => id)).toEqual(
      short.slice(-200).map(({ id }) => id),
    );
  });
});

describe("branches", () => {
  it("[SE71] every message at a place is named with all of them, oldest first; others are not named", () => {
    const { store } = open();
    for (const id of ["q1", "q2", "q3"]) store.messages.append(toMessage(id, "user", "x"));
    store.messages.append(toMessage("a1", "assistant", "x", "q1"));
    store.messages.noteBranch(null, ["q1"], "q2");
    store.messages.noteBranch(null, ["q2"], "q3");
    store.messages.noteBranch(null, ["q2"], "q3");
    const branches = store.messages.readBranches([
      { id: "q2", parentId: null },
      { id: "a1", parentId: "q1" },
    ]);
    expect(branches).toEqual({ q2: ["q1", "q2", "q3"] });
  });

  it("[SE72] the newest message below one is on its branch alone", () => {
    const { store, chain } = open();
    chain(4);
    store.messages.append(toMessage("b1", "user", "x", "m1"));
    store.messages.append(toMessage("b2", "assistant", "x", "b1"));
    expect(
      ["m0", "m1", "m2", "m3", "b1", "b2", "nowhere"].map((id) => store.messages.findLeafBelow(id)),
    ).toEqual([...["b2", "b2", "m3", "m3", "b2", "b2"], "nowhere"]);
  });
});

describe("a scan", () => {
  it.each(["oldest", "newest"] as const)("[SE79] [SE85] goes over every message once, %s first", (order) => {
    const { store, chain } = open();
    chain(1_203);
    const ids = [...store.messages.scan(order)].flat().map(({ id }) => Number(id.slice(1)));
    const expected = Array.from({ length: 1_203 }, (_, index) => index);
    expect(ids).toEqual(order === "oldest" ? expected : expected.toReversed());
  });

  it("[SE79] [SE85] takes long messages a few at a time, so that they fit into memory", () => {
    const { store, chain } = open();
    chain(80, "x".repeat(1_000_000));
    let most = 0;
    for (const page of store.messages.scan("newest")) most = Math.max(most, JSON.stringify(page).length);
    expect(most).toBeLessThan(32_000_000);
  });
});

describe("the log's rows", () => {
  const text = (delta: string) => ({ type: "text-delta" as const, id: "text-0", delta });

  it("[SE50] a turn's log grows in one row up to a size, and is read back whole", () => {
    const { disk, store } = open();
    const log = new StreamLog(store.openStreamLog(7));
    for (let index = 0; index < 40; index += 1) {
      log.append([text("x".repeat(10_000))]);
      log.save();
    }
    expect(disk.all("select id from chunk").length).toBeLessThanOrEqual(5);
    const again = new StreamLog(store.openStreamLog(7));
    expect(again.readStored()).toEqual(log.readStored());
    again.append([text("more")]);
    again.save();
    expect(new StreamLog(store.openStreamLog(7)).nextSequence).toBe(41);
    expect(disk.all("select id from chunk").length).toBeLessThanOrEqual(5);
  });

  it("[SE50] logs of two turns do not mix, and the first chunks of the next one take the place of earlier ones", () => {
    const { store } = open();
    for (const position of [1, 2]) {
      const log = new StreamLog(store.openStreamLog(position));
      log.append([text(`of ${position}`), { type: "abort" }]);
      log.save();
    }
    const readLog = (position: number) => new StreamLog(store.openStreamLog(position)).readStored();
    expect([readLog(1), readLog(2)].map(([first]) => first)).toEqual(
      ["of 1", "of 2"].map((each) => JSON.stringify(text(each))),
    );
    const next = new StreamLog(store.openStreamLog(3, true));
    next.append([text("of 3")]);
    expect(readLog(1)).toHaveLength(2);
    next.save();
    expect([1, 2, 3].map((position) => readLog(position).length)).toEqual([0, 0, 1]);
  });

  it("[SE8] texts with line breaks and rows of an earlier version are read back as they were", () => {
    const { disk, store } = open();
    const before = JSON.stringify([text("a\nb"), { type: "abort" }]);
    disk.database.prepare("insert into chunk (id, body) values (?, ?)").run(3 * 2 ** 24, before);
    const log = new StreamLog(store.openStreamLog(3));
    expect(log.readStored()).toEqual([JSON.stringify(text("a\nb")), '{"type":"abort"}']);
    log.append([text("c\n\nd")]);
    log.save();
    expect(new StreamLog(store.openStreamLog(3)).readStored()).toEqual([
      JSON.stringify(text("a\nb")),
      '{"type":"abort"}',
      JSON.stringify(text("c\n\nd")),
    ]);
  });
});
