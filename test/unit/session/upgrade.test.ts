/** A chat that an earlier version of this product has stored: it is found as it was. */
import { describe, expect, it } from "vitest";
import { AnswerWriter } from "../../../src/session/log/answer-writer.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";
import { RECEIPT, TARGET } from "./answer-fixtures.ts";
import { ChatWorld, toWords } from "./chat-world.ts";
import { ChatDisk, readMigrations } from "./sqlite-store.ts";

/** Rows as they were before branches, generations and sources of titles. */
const BEFORE = [
  "insert into session values (1, 'chat_1', 'org_1', 'user_1', 'Weather', 'a3', 'openai', 1)",
  ...[
    ["q1", null, "user"],
    ["a1", "q1", "assistant"],
    ["q2", null, "user"],
    ["a2", "q2", "assistant"],
    ["a3", "q2", "assistant"],
  ].map(
    ([id, parent, role]) =>
      `insert into message (message_id, parent_id, role, parts, created_at_ms) values ('${id}', ${
        parent === null ? "null" : `'${parent}'`
      }, '${role}', '[{"type":"text","text":"${id}"}]', 1)`,
  ),
];

function open(...more: string[]): ChatWorld {
  const [initial = "", policy = "", ...later] = readMigrations();
  return new ChatWorld({}, new ChatDisk([initial, policy, ...BEFORE, ...more, ...later]));
}

describe("after an update", () => {
  it("[SE71] branches that were there are named", () => {
    const [hello] = open().connect(true).of("hello");
    expect(hello?.messages.map(({ id }) => id)).toEqual(["q2", "a3"]);
    expect(hello?.branches).toEqual({ q2: ["q1", "q2"], a3: ["a2", "a3"] });
  });

  it("[SE31] a chat that has a name keeps it", async () => {
    const world = open();
    const tab = world.connect(true);
    world.ask(tab, "r1", "3 words, please");
    await world.finish();
    expect(world.store.readSession()).toMatchObject({ title: "Weather", titleSource: "person" });
  });

  it("[SE40] [SE8] an answer that the update interrupted goes on behind its rows", async () => {
    const writer = new AnswerWriter(RECEIPT);
    const chunks = [
      ...writer.start("a4"),
      ...writer.write([
        { type: "leg-start", target: TARGET, attempt: 1 },
        { type: "text-delta", text: "w0 w1 " },
      ]),
    ];
    const world = open(
      `insert into message (message_id, parent_id, role, parts, created_at_ms)
       values ('q4', 'a3', 'user', '[{"type":"text","text":"9"}]', 1)`,
      `insert into turn (position, turn_id, request_id, selection_id, message_id, parent_id, requested, status,
                         stop_requested, created_at_ms)
       values (1, 't1', 'r1', 's1', 'a4', 'q4', '[]', 'running', 0, ${new VirtualClock().nowMs()})`,
      // As rows were: one flush of chunks, an array.
      `insert into chunk (id, body) values (${2 ** 24}, '${JSON.stringify(chunks)}')`,
    );
    const live = world.connect(true);
    world.resume(live, "r2");
    await world.finish();
    expect(live.textOf("r2")).toBe(toWords(9));
    world.crash();
    const again = world.connect(true);
    world.resume(again, "r3");
    expect(again.of("chunk").map(({ chunk }) => chunk)).toEqual(live.of("chunk").map(({ chunk }) => chunk));
    expect(world.path()).toEqual(["q2", "a3", "9", toWords(9)]);
    expect(world.statuses().at(-1)).toBe("complete");
  });
});
