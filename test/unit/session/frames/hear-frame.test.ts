/** What becomes of a frame on which its chat breaks. */
import { DrizzleQueryError } from "drizzle-orm/errors";
import { expect, test } from "vitest";
import type { LiveClientFrame } from "../../../../src/protocol/session-frame.ts";
import { hearFrame } from "../../../../src/session/frames/hear-frame.ts";
import type { ChatSocket } from "../../../../src/session/turn/live-turn.ts";
import { RecordingLog } from "../../../fakes/recording-log.ts";
import { toWords, ChatWorld } from "../chat-world.ts";
import { FakeSocket } from "../session-fakes.ts";

const SEND: LiveClientFrame = {
  type: "send",
  requestId: "r1",
  id: "",
  trigger: "submit-message",
  messages: [{ id: "q1", role: "user", parts: [{ type: "text", text: "count 3" }] }],
  headers: {},
  body: {},
};

const takeBy =
  ({ chat }: ChatWorld) =>
  (socket: ChatSocket, frame: LiveClientFrame): null => {
    chat.handleFrame(socket, frame);
    return null;
  };

test("[SE266] whoever asked while storage is away is told so, and the chat goes on when it is back", async () => {
  const world = new ChatWorld();
  const tab = world.connect(false);
  const append = world.store.messages.append.bind(world.store.messages);
  world.store.messages.append = () => {
    throw new Error("storage is away");
  };
  void hearFrame(takeBy(world), tab, SEND, world.log);
  expect(tab.frames).toEqual([
    { type: "error", requestId: "r1", errorText: "Something went wrong here. Try again." },
  ]);
  expect(world.log.of("internal_error")).toMatchObject([
    { level: "error", fields: { request_id: "r1", error: "Error: storage is away" } },
  ]);
  world.store.messages.append = append;
  void hearFrame(takeBy(world), tab, SEND, world.log);
  await world.finish();
  expect(tab.textOf("r1")).toBe(toWords(3));
});

test.each<[LiveClientFrame, number]>([
  [{ type: "stop" }, 0],
  [{ type: "ack", requestId: "r1", sequence: 1 }, 0],
  [{ type: "abort", requestId: "r1" }, 1],
])("[SE266] %o that breaks is a line for the operator, and %i frames", (frame, count) => {
  const [log, tab] = [new RecordingLog(), new FakeSocket(true)];
  const broken = (): never => {
    throw new Error("a bug");
  };
  void hearFrame(broken, tab, frame, log);
  expect([log.of("internal_error").length, tab.frames.length]).toEqual([1, count]);
});

test("[SE266] one that breaks later, while its files are put where they belong, is told as well", async () => {
  const [log, tab] = [new RecordingLog(), new FakeSocket(true)];
  await hearFrame(() => Promise.reject(new Error("a bug")), tab, SEND, log);
  expect([log.of("internal_error").length, tab.frames.length]).toEqual([1, 1]);
});

test("[SE267] a question whose turn cannot be stored is not stored either, nor told to anybody, and may be asked again", async () => {
  const world = new ChatWorld();
  const [tab, other] = [world.connect(false), world.connect(true)];
  const createTurn = world.store.createTurn.bind(world.store);
  world.store.createTurn = () => {
    throw new Error("storage is away");
  };
  void hearFrame(takeBy(world), tab, SEND, world.log);
  expect([tab.types, world.path(), other.of("message-added")]).toEqual([["error"], [], []]);
  expect(world.disk.all("select 1 from message")).toEqual([]);
  // What happens meanwhile is told as ever.
  const toldBefore = other.of("session-changed").length;
  world.connect(true);
  expect(other.of("session-changed")).toHaveLength(toldBefore + 1);
  world.store.createTurn = createTurn;
  void hearFrame(takeBy(world), tab, SEND, world.log);
  await world.finish();
  expect(world.path()).toEqual(["count 3", toWords(3)]);
  expect(other.of("message-added")).toHaveLength(1);
});

test("[SE266] the line for the operator has the statement that failed, and not the words that were bound to it", () => {
  const [log, tab] = [new RecordingLog(), new FakeSocket(true)];
  const broken = (): never => {
    throw new DrizzleQueryError("insert into message", ["a person's words"], new Error("disk full"));
  };
  void hearFrame(broken, tab, SEND, log);
  expect(log.of("internal_error")).toMatchObject([
    { fields: { error: "Error: disk full in: insert into message" } },
  ]);
  expect(JSON.stringify(log.lines)).not.toContain("a person's words");
});
