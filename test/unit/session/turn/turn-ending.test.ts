/** Ends that cannot be stored: at once, for a while or at all. The turn ends, and its chat goes on. */
import { DrizzleQueryError } from "drizzle-orm/errors";
import { describe, expect, it } from "vitest";
import { succeed } from "../../../../src/base/result.ts";
import type { AnswerEvent } from "../../../../src/routing/run-plan.ts";
import { ChatTools } from "../../../../src/session/tools/chat-tools.ts";
import { ToolApprovals } from "../../../../src/session/tools/tool-approvals.ts";
import { toTool } from "../../tools/tool-world.ts";
import { toMessage } from "../answer-fixtures.ts";
import { ChatWorld, say, toWords } from "../chat-world.ts";

/** Calls of a tool that gives 65 KB each, all at once or one after another. */
function openBigWorld(count: number, gapMs: number): ChatWorld {
  const calls = Array.from({ length: count }, (_, index): AnswerEvent => ({
    type: "tool-call",
    toolCallId: `c${index}`,
    toolName: "read",
    input: "{}",
  }));
  let [steps, given] = [0, 0];
  return new ChatWorld({
    speak: () => ({ pieces: (steps += 1) === 1 ? calls : [say("Read.")], paceMs: 10 }),
    runTools: (clock) => {
      const run = async () => {
        await clock.sleep(gapMs * (given += 1));
        return succeed("x".repeat(65_000));
      };
      const tools = new ChatTools({
        clock,
        approvals: new ToolApprovals(clock),
        newApprovalId: () => "a",
        noteFault: () => {},
        listOthers: () => Promise.resolve([toTool({ name: "read", run })]),
      });
      return (live, open, tell) => tools.run(live, open, tell);
    },
  });
}

/** The next so many messages cannot be stored. */
function breakStore(world: ChatWorld, times: number): void {
  const { messages } = world.store;
  const append = messages.append.bind(messages);
  let left = times;
  messages.append = (message) => {
    append(message);
    if (left > 0) {
      left -= 1;
      throw new Error("storage is away");
    }
  };
}

async function wake(world: ChatWorld, times: number): Promise<void> {
  for (let life = 0; life < times; life += 1) {
    world.crash();
    await world.clock.advance(5_000);
  }
}

const rows = (world: ChatWorld) => world.disk.all("select status from turn").map(({ status }) => status);

describe("an answer whose tools give more than a row holds", () => {
  it.each([0, 400])("[SE112] [SE1] comes to its end, %i ms from one to the next", async (gapMs) => {
    const world = openBigWorld(34, gapMs);
    world.ask(world.connect(false), "r1", "read these files");
    await world.finish(40_000);
    await wake(world, 2);
    expect([rows(world), world.calls.length]).toEqual([["complete"], 2]);
    const rest = world.disk.all("select max(length(body)) as most from chunk")[0];
    expect(Number(rest?.["most"])).toBeLessThan(150_000);
  });
});

describe("an answer whose words cannot be stored for a moment", () => {
  it.each([true, false])("[SE262] [SE1] goes on, and is stored whole: live %s", async (live) => {
    const world = new ChatWorld();
    const openStreamLog = world.store.openStreamLog.bind(world.store);
    let left = 2;
    world.store.openStreamLog = (...place) => {
      const rows = openStreamLog(...place);
      return {
        readAll: () => rows.readAll(),
        append: (first, chunks) => {
          left -= 1;
          if (left === 0) throw new Error("storage is away");
          rows.append(first, chunks);
        },
      };
    };
    const tab = world.connect(live);
    world.ask(tab, "r1", "count 90");
    await world.finish();
    expect(left).toBeLessThan(0);
    expect([world.path(), world.statuses()]).toEqual([
      ["count 90", toWords(90)],
      [undefined, "complete"],
    ]);
    expect(tab.textOf("r1")).toBe(toWords(90));
    expect([world.calls.length, world.log.of("internal_error").length]).toEqual([1, 1]);
  });
});

describe("a model call that has called tools and cannot be stored", () => {
  /** The next so many records cannot be stored. */
  const breakOutbox = (world: ChatWorld, times: number): void => {
    const append = world.store.appendOutbox.bind(world.store);
    let left = times;
    world.store.appendOutbox = (message) => {
      left -= 1;
      if (left >= 0) throw new Error("storage is away");
      append(message);
    };
  };
  const listRecords = (world: ChatWorld) => world.disk.all("select 1 from outbox").length;

  it.each([1, 2])(
    "[SE264] is tried again %i times before its tools run, and the answer goes on",
    async (times) => {
      const world = openBigWorld(1, 0);
      breakOutbox(world, times);
      world.ask(world.connect(true), "r1", "read this");
      await world.finish(40_000);
      expect([rows(world), listRecords(world), world.calls.length]).toEqual([["complete"], 2, 2]);
      expect(world.path().at(-1)).toBe("Read.");
    },
  );

  it("[SE264] ever ends the answer: its tools do not run, and what the call cost is on record with the end", async () => {
    const world = openBigWorld(1, 0);
    breakOutbox(world, 3);
    world.ask(world.connect(true), "r1", "read this");
    await world.finish(40_000);
    expect([rows(world), listRecords(world), world.calls.length]).toEqual([["failed"], 2, 1]);
  });
});

describe("a turn that a bug of ours breaks while its tools run", () => {
  const openBroken = (): ChatWorld =>
    new ChatWorld({
      speak: () => ({
        pieces: [{ type: "tool-call", toolCallId: "c1", toolName: "read", input: "{}" }],
        paceMs: 10,
      }),
      runTools: (clock) => async () => {
        await clock.sleep(1_000);
        throw new Error("a bug");
      },
    });

  it("[SE43] ends, and the model call that was stored before is on record once", async () => {
    const world = openBroken();
    world.ask(world.connect(true), "r1", "read this");
    await world.finish(40_000);
    const ids = world.disk
      .all("select body from outbox")
      .map(({ body }) => /"id":"(\w+)"/.exec(String(body))?.[1]);
    expect([world.ended, ids]).toEqual([["turn_1 failed"], [expect.any(String), expect.any(String)]]);
    expect(new Set(ids).size).toBe(2);
  });

  it("[SE26] is one that was stopped where somebody had stopped it", async () => {
    const world = openBroken();
    const tab = world.connect(true);
    world.ask(tab, "r1", "read this");
    await world.clock.advance(500);
    world.send(tab, { type: "stop" });
    await world.finish(40_000);
    expect([world.ended, world.statuses()]).toEqual([["turn_1 cancelled"], [undefined, "cancelled"]]);
  });
});

describe("a tool whose call cannot be noted before it is made", () => {
  it("[SE275] is not called, and its fault is a line without what was said", async () => {
    const [faults, runs]: [string[], string[]] = [[], []];
    const call: AnswerEvent = { type: "tool-call", toolCallId: "c1", toolName: "pay", input: "{}" };
    let steps = 0;
    const world = new ChatWorld({
      speak: () => ({ pieces: (steps += 1) === 1 ? [call] : [say("Well.")], paceMs: 10 }),
      runTools: (clock) => {
        const run = () => {
          runs.push("paid");
          return Promise.resolve(succeed("paid"));
        };
        const tools = new ChatTools({
          clock,
          approvals: new ToolApprovals(clock),
          newApprovalId: () => "a",
          noteFault: ({ error }) => faults.push(error),
          listOthers: () => Promise.resolve([{ ...toTool({ name: "pay", run }), isRepeatable: false }]),
        });
        return (live, open, tell) => {
          live.log.save = () => {
            throw new DrizzleQueryError("update chunk", ["people's words"], new Error("the disk is full"));
          };
          return tools.run(live, open, tell);
        };
      },
    });
    world.ask(world.connect(true), "r1", "pay");
    await world.finish(40_000);
    expect([runs, faults]).toEqual([[], ["Error: the disk is full in: update chunk"]]);
  });
});

describe("an answer whose log cannot be stored at all", () => {
  it("[SE265] has a message all the same: what is asked behind it does not lose the path above", async () => {
    const world = new ChatWorld();
    const openStreamLog = world.store.openStreamLog.bind(world.store);
    world.store.openStreamLog = (position, isNew) => {
      const log = openStreamLog(position, isNew);
      if (position > 1) return log;
      const append = () => {
        throw new Error("storage is away");
      };
      return { readAll: () => log.readAll(), append };
    };
    const tab = world.connect(true);
    world.ask(tab, "r1", "count 5");
    world.ask(tab, "r2", "count 2");
    await world.finish(40_000);
    expect(world.path()).toEqual(["count 5", "", "count 2", toWords(2)]);
    expect([rows(world), world.disk.all("select 1 from outbox").length]).toEqual([["failed", "complete"], 2]);
  });
});

describe("an end that cannot be stored", () => {
  it("[SE110] is tried again, whole, and no model is asked again for it", async () => {
    const world = new ChatWorld();
    const tab = world.connect(true);
    world.ask(tab, "r1", "count 5");
    world.ask(tab, "r2", "count 2");
    breakStore(world, 2);
    await world.finish();
    expect(world.path()).toEqual(["count 5", toWords(5), "count 2", toWords(2)]);
    expect(world.statuses()).toEqual([undefined, "complete", undefined, "complete"]);
    expect([world.calls.length, world.disk.all("select 1 from outbox").length]).toEqual([2, 2]);
    expect(tab.of("turn-ended")).toHaveLength(2);
  });

  it("[SE110] ever: the answer fails without its words, says so to every tab, and what waits goes on", async () => {
    const world = new ChatWorld();
    const tab = world.connect(true);
    world.ask(tab, "r1", "count 5");
    world.ask(tab, "r2", "count 2");
    breakStore(world, 3);
    await world.finish();
    expect(world.path()).toEqual(["count 5", "", "count 2", toWords(2)]);
    expect(tab.of("turn-ended")[0]?.message.metadata).toMatchObject({
      status: "failed",
      notice: "This answer could not be stored.",
    });
    expect(tab.of("chunk").findLast(({ requestId }) => requestId === "r1")?.chunk).toMatchObject({
      type: "error",
    });
    expect([rows(world), world.calls.length]).toEqual([["failed", "complete"], 2]);
    expect(world.disk.all("select 1 from outbox")).toHaveLength(2);
    expect(world.log.lines.some(({ event }) => event === "internal_error")).toBe(true);
  });

  it("[SE270] [SE1] of an answer that had broken off is that of a stop that comes meanwhile, and its only one", async () => {
    const world = openBigWorld(1, 0);
    const append = world.store.appendOutbox.bind(world.store);
    let left = 4;
    world.store.appendOutbox = (message) => {
      left -= 1;
      if (left >= 0) throw new Error("storage is away");
      append(message);
    };
    const tab = world.connect(true);
    world.ask(tab, "r1", "read this");
    await world.clock.advance(5_500);
    expect(left).toBe(0);
    world.send(tab, { type: "stop" });
    await world.finish();
    expect([rows(world), world.calls.length]).toEqual([["cancelled"], 1]);
    const records = world.disk.all("select body from outbox").map(({ body }) => String(body));
    expect(records.map((body) => /"status":"\w+"/.exec(body)?.[0])).toContain('"status":"cancelled"');
    const ends = tab.of("chunk").filter(({ chunk }) => ["finish", "error", "abort"].includes(chunk.type));
    expect(ends.map(({ chunk }) => chunk)).toEqual([{ type: "abort" }]);
    expect(tab.of("turn-ended")[0]?.message.metadata).toMatchObject({
      status: "cancelled",
      notice: "You stopped this answer.",
    });
  });

  it("[SE270] of a whole answer is that of the stop too, with its words and where they are lost", async () => {
    for (const [broken, words] of [
      [2, toWords(5)],
      [3, ""],
    ] as const) {
      const world = new ChatWorld();
      const tab = world.connect(true);
      world.ask(tab, "r1", "count 5");
      breakStore(world, broken);
      await world.clock.advance(500);
      world.send(tab, { type: "stop" });
      await world.finish();
      expect([rows(world), world.path().at(-1)]).toEqual([["cancelled"], words]);
      const ends = tab.of("chunk").filter(({ chunk }) => ["finish", "error", "abort"].includes(chunk.type));
      expect(ends.map(({ chunk }) => chunk)).toEqual([{ type: "abort" }]);
    }
  });

  it("[SE26] after a stop: it is stopped, also for the alarm that comes meanwhile", async () => {
    const world = new ChatWorld();
    const tab = world.connect(true);
    world.ask(tab, "r1", "count 50");
    await world.clock.advance(200);
    breakStore(world, 2);
    world.send(tab, { type: "stop" });
    await world.clock.advance(500);
    world.chat.recover();
    await world.finish();
    expect([world.ended, world.calls.length]).toEqual([["turn_1 cancelled"], 1]);
  });
});

describe("a turn whose end could not be stored at all", () => {
  it("[SE279] is not gone on with while its chat is being deleted, and is when that has failed", async () => {
    const world = new ChatWorld();
    world.ask(world.connect(true), "r1", "count 5");
    const update = world.store.updateTurn.bind(world.store);
    world.store.updateTurn = () => {
      throw new Error("storage is away");
    };
    breakStore(world, 5);
    await world.clock.advance(10_000);
    world.store.updateTurn = update;
    expect([rows(world), world.chat.isRunning]).toEqual([["running"], false]);
    await world.chat.close();
    world.chat.recover();
    await world.clock.advance(1_000);
    expect([rows(world), world.chat.isRunning, world.calls.length]).toEqual([["running"], false, 1]);
    world.chat.reopen();
    await world.finish();
    expect([rows(world), world.path().at(-1)]).toEqual([["complete"], toWords(5)]);
  });
});

describe("a stop that cannot be stored", () => {
  it("[SE274] stops all the same, over a socket and over HTTP, and is a line for the operator", async () => {
    for (const stop of [
      (world: ChatWorld) => world.send(world.connect(true), { type: "stop" }),
      (world: ChatWorld) => void world.chat.stopAll(),
    ]) {
      const world = new ChatWorld();
      world.ask(world.connect(false), "r1", "count 50");
      await world.clock.advance(300);
      const update = world.store.updateTurn.bind(world.store);
      world.store.updateTurn = (position, change) => {
        if (change.stopRequested === true) throw new Error("storage is away");
        update(position, change);
      };
      stop(world);
      await world.clock.advance(10);
      expect([rows(world), world.log.of("internal_error").length]).toEqual([["cancelled"], 1]);
      expect(toWords(50).startsWith(world.path().at(-1) ?? "?")).toBe(true);
    }
  });
});

describe("an answer that a bug of ours ends", () => {
  it.each([
    { words: [say("Well. ")], status: "incomplete" },
    { words: [], status: "failed" },
  ])("[SE271] says so, and nothing of a restart: $status", async ({ words, status }) => {
    const call: AnswerEvent = { type: "tool-call", toolCallId: "c1", toolName: "f", input: "{}" };
    const world = new ChatWorld({
      speak: () => ({ pieces: [...words, call], paceMs: 10 }),
      runTools: () => () => Promise.reject(new Error("a bug")),
    });
    const tab = world.connect(true);
    world.ask(tab, "r1", "hi");
    await world.finish();
    const notice = expect.stringMatching(/something went wrong here.* Try again\.$/);
    expect(tab.of("turn-ended")[0]?.message.metadata).toMatchObject({ status, notice });
    const records = world.disk.all("select body from outbox").map(({ body }) => String(body));
    expect(records.join()).not.toContain("restarted");
  });
});

describe("a turn that a crash left and that cannot be ended", () => {
  it("[SE111] does not keep its chat from opening", async () => {
    const world = new ChatWorld();
    world.ask(world.connect(true), "r1", "count 50");
    await world.clock.advance(400);
    const messageId = String(world.disk.all("select message_id from turn")[0]?.["message_id"]);
    world.store.messages.append(toMessage(messageId, "user", "mine"));
    await wake(world, 5);
    expect(rows(world)).toEqual(["failed"]);
    world.ask(world.connect(true), "r2", "count 2");
    await world.finish();
    expect(rows(world)).toEqual(["failed", "complete"]);
  });
});

describe("a turn that a crash left and that cannot be begun again", () => {
  it("[SE111] ends as failed, once, and what waits goes on", async () => {
    let left = 0;
    const onTurnStart = (): void => {
      left -= 1;
      if (left === 0) throw new Error("a bug");
    };
    const world = new ChatWorld({ onTurnStart });
    const tab = world.connect(true);
    world.ask(tab, "r1", "count 50");
    world.ask(tab, "r2", "count 2");
    await world.clock.advance(400);
    left = 1;
    world.crash();
    await world.finish(20_000);
    expect([rows(world), world.path()]).toEqual([
      ["failed", "complete"],
      ["count 50", "", "count 2", toWords(2)],
    ]);
    expect(world.ended).toEqual(["turn_1 failed", "turn_4 complete"]);
  });
});

describe("a turn that a crash left and whose log cannot be read", () => {
  it("[SE111] [SE290] ends as failed, and its chat goes on", async () => {
    const world = new ChatWorld();
    world.ask(world.connect(true), "r1", "count 50");
    await world.clock.advance(700);
    world.disk.all("update chunk set body = '[{' returning id");
    await wake(world, 2);
    expect(rows(world)).toEqual(["failed"]);
    world.ask(world.connect(true), "r2", "count 2");
    await world.finish();
    expect([rows(world), world.path()]).toEqual([
      ["failed", "complete"],
      ["count 50", "", "count 2", toWords(2)],
    ]);
  });
});

describe("a question under the id of the answer that is being written", () => {
  it("[SE113] is refused with a sentence, and the answer comes to its end", async () => {
    const world = new ChatWorld();
    const tab = world.connect(true);
    world.ask(tab, "r1", "count 50");
    await world.clock.advance(100);
    world.ask(tab, "r2", "count 3", { id: tab.of("turn-started")[0]?.turn.messageId ?? "" });
    await world.finish(20_000);
    expect(tab.of("error").map(({ errorText }) => errorText)).toEqual([
      expect.stringContaining("id of its own"),
    ]);
    expect([rows(world), world.path()]).toEqual([["complete"], ["count 50", toWords(50)]]);
  });
});
