import { expect, test, vi } from "vitest";
import { fail, succeed } from "../../../src/base/result.ts";
import { AnswerChunk } from "../../../src/protocol/answer-chunk.ts";
import { MAX_OUTPUT_BYTES } from "../../../src/tools/limit-text.ts";
import type { ServerTool } from "../../../src/tools/tool.ts";
import { toCall, toError, toOutput, toTool, ToolWorld } from "./tool-world.ts";

const SCHEMA: ServerTool["inputSchema"] = {
  type: "object",
  properties: { to: { type: "string", maxLength: 5 }, copies: { type: "array", items: { type: "integer" } } },
  required: ["to"],
  additionalProperties: false,
};

test("[TL10] calls run side by side, and each ends once, in the order they are done", async () => {
  const world = new ToolWorld();
  const slow = toTool({
    name: "slow",
    run: async () => {
      await world.clock.sleep(2_000);
      return succeed({ after: "two seconds" });
    },
  });
  const failing = toTool({ name: "failing", run: async () => fail("There is no such page.") });
  const calls = [
    toCall({ toolCallId: "a", toolName: "slow" }),
    toCall({ toolCallId: "b", toolName: "slow" }),
    toCall({ toolCallId: "c", toolName: "failing" }),
  ];
  const startedMs = world.clock.nowMs();
  await world.clock.runUntil(world.run([slow, failing], calls));
  expect(world.told).toEqual([
    toError("c", "There is no such page."),
    toOutput("a", { after: "two seconds" }),
    toOutput("b", { after: "two seconds" }),
  ]);
  expect(world.clock.nowMs() - startedMs).toBe(2_000);
  expect(world.clock.pendingTimers).toBe(0);
});

test("[TL10] a tool is given its arguments and the time", async () => {
  const world = new ToolWorld();
  const run = vi.fn<ServerTool["run"]>(async () => succeed(null));
  await world.run([toTool({ run })], [toCall({ input: { to: "you" } })]);
  expect(run).toHaveBeenCalledExactlyOnceWith(
    { to: "you" },
    expect.objectContaining({ nowMs: world.clock.nowMs() }),
  );
});

test("[TL11] a tool that does not exist is an error that names those that do", async () => {
  const world = new ToolWorld();
  await world.run([toTool({ name: "one" }), toTool({ name: "two" })], [toCall({ toolName: "three" })]);
  await world.run([], [toCall({ toolName: "three", state: "approval-responded" })]);
  expect(world.told).toEqual([
    toError("call-1", 'There is no tool "three". There are: one, two.'),
    toError("call-1", 'There is no tool "three". There are none at present.'),
  ]);
});

test.each([
  ["something is missing", {}, /required property "to"/],
  ["something is of another kind", { to: 5 }, /to: Instance type "number" is invalid/],
  ["something is too long", { to: "everybody" }, /to: String is too long/],
  ["something is not known", { to: "you", from: "me" }, /"from"/],
  ["something inside is wrong", { to: "you", copies: [1, "two"] }, /copies\/1: Instance type "string"/],
  ["it is no object", "you", /must be a JSON object/],
  ["it is a list", [], /must be a JSON object/],
])(
  "[TL11] arguments do not fit because %s: nobody is asked, nothing runs",
  async (_reason, input, message) => {
    const world = new ToolWorld();
    const run = vi.fn<ServerTool["run"]>();
    await world.run([toTool({ inputSchema: SCHEMA, needsApproval: true, run })], [toCall({ input })]);
    expect(world.told).toEqual([toError("call-1", expect.stringMatching(message))]);
    expect(run).not.toHaveBeenCalled();
  },
);

test("[TL11] a schema that cannot be read is left to the tool itself", async () => {
  const world = new ToolWorld();
  const inputSchema: ServerTool["inputSchema"] = { type: "object", $ref: "#/nowhere" };
  await world.run([toTool({ inputSchema })], [toCall({ input: { any: 1 } })]);
  expect(world.told).toEqual([toOutput("call-1", "done")]);
});

test("[TL12] a yes lets the call run, and the others do not wait for it", async () => {
  const world = new ToolWorld();
  const tools = [toTool({ name: "asks", needsApproval: true }), toTool({ name: "free" })];
  const calls = [
    toCall({ toolCallId: "a", toolName: "asks" }),
    toCall({ toolCallId: "b", toolName: "free" }),
  ];
  const run = world.run(tools, calls);
  await world.clock.settle();
  expect(world.told).toEqual([
    { type: "tool-approval-request", approvalId: "approval-1", toolCallId: "a" },
    toOutput("b", "done"),
  ]);
  world.words.get("approval-1")?.(true);
  await run;
  expect(world.told.slice(2)).toEqual([
    { type: "tool-approval-response", approvalId: "approval-1", approved: true },
    toOutput("a", "done"),
  ]);
  expect(world.told.every((chunk) => AnswerChunk.safeParse(chunk).success)).toBe(true);
});

test("[TL12] a no, or no answer in time, is a no", async () => {
  const world = new ToolWorld();
  const run = vi.fn<ServerTool["run"]>();
  await world.run([toTool({ needsApproval: true, run })], [toCall({})], {
    waitForApproval: async () => false,
  });
  expect(world.told.slice(1)).toEqual([
    { type: "tool-approval-response", approvalId: "approval-1", approved: false },
    { type: "tool-output-denied", toolCallId: "call-1" },
  ]);
  expect(run).not.toHaveBeenCalled();
});

test("[TL13] a tool that does not come to an end is given up after 30 seconds", async () => {
  const world = new ToolWorld();
  let signal: AbortSignal | null = null;
  const endless = toTool({
    run: (_input, context) => {
      signal = context.signal;
      return new Promise(() => {});
    },
  });
  const startedMs = world.clock.nowMs();
  await world.clock.runUntil(world.run([endless], [toCall({})]));
  expect(world.clock.nowMs() - startedMs).toBe(30_000);
  expect(signal).toMatchObject({ aborted: true });
  expect(world.told).toEqual([toError("call-1", expect.stringContaining("longer than 30 seconds"))]);
  expect(world.faults).toEqual([]);
});

test("[TL13] a stop ends calls that run and calls that wait; neither is told as a no", async () => {
  const world = new ToolWorld();
  const tools = [
    toTool({ name: "endless", run: () => new Promise(() => {}) }),
    toTool({ name: "asks", needsApproval: true }),
  ];
  const calls = [
    toCall({ toolCallId: "a", toolName: "endless" }),
    toCall({ toolCallId: "b", toolName: "asks" }),
  ];
  const run = world.run(tools, calls);
  await world.clock.settle();
  world.controller.abort();
  await run;
  expect(world.told.slice(1)).toEqual(
    expect.arrayContaining([
      toError("a", expect.stringContaining("stopped")),
      toError("b", expect.stringContaining("stopped")),
    ]),
  );
  expect(world.told).toHaveLength(3);
  expect(world.clock.pendingTimers).toBe(0);
});

test.each([
  [
    "runs out of time",
    (world: ToolWorld) => world.clock.advance(30_000),
    "took longer than 30 seconds and was stopped.",
  ],
  ["is stopped", (world: ToolWorld) => world.controller.abort(), "stopped before the tool was done."],
])("[TL35] a call that %s may have done its work, and the model is told so", async (_what, end, reason) => {
  const world = new ToolWorld();
  const run = (): Promise<never> => new Promise<never>(() => undefined);
  const send = toTool({ name: "send", isRepeatable: false, run });
  const done = world.run(
    [send, toTool({ name: "read", run })],
    [toCall({ toolName: "send" }), toCall({ toolCallId: "call-2", toolName: "read" })],
  );
  await Promise.resolve();
  end(world);
  await done;
  expect(world.told).toContainEqual(
    toError("call-1", expect.stringMatching(new RegExp(`${reason} It is not known whether`))),
  );
  expect(world.told).toContainEqual(toError("call-2", expect.stringMatching(new RegExp(`${reason}$`))));
});

test("[TL35] and so may one that threw", async () => {
  const world = new ToolWorld();
  const run = async (): Promise<never> => await Promise.reject(new Error("reset"));
  await world.run([toTool({ isRepeatable: false, run })], [toCall({})]);
  expect(world.told.at(-1)).toEqual(toError("call-1", expect.stringContaining("It is not known whether")));
});

test("[TL13] after a stop nothing is begun", async () => {
  const world = new ToolWorld();
  world.controller.abort();
  const run = vi.fn<ServerTool["run"]>();
  await world.run([toTool({ run, needsApproval: true })], [toCall({})]);
  expect(world.told).toEqual([toError("call-1", expect.stringContaining("stopped"))]);
  expect(run).not.toHaveBeenCalled();
});

test.each([
  ["nothing", undefined, null],
  ["a number", 5, 5],
  ["a date", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
  ["what JSON leaves out", { keep: 1, drop: undefined }, { keep: 1 }],
])("[TL14] an output of %s is told as JSON", async (_kind, value, output) => {
  const world = new ToolWorld();
  await world.run([toTool({ run: async () => succeed(value) })], [toCall({})]);
  expect(world.told).toEqual([toOutput("call-1", output)]);
});

test.each([
  ["a text", "€".repeat(40_000), "€€€"],
  ["an object", { rows: Array.from({ length: 20_000 }, (_, index) => index) }, '{"rows":[0,1,'],
])("[TL14] %s that is too large is cut at a character and says so", async (_kind, value, beginning) => {
  const world = new ToolWorld();
  await world.run([toTool({ run: async () => succeed(value) })], [toCall({})]);
  const [chunk] = world.told;
  const output = chunk !== "stored" && chunk?.type === "tool-output-available" ? chunk.output : null;
  const text = typeof output === "string" ? output : "";
  expect(text.startsWith(beginning)).toBe(true);
  expect(text).toMatch(/\[Cut here: the whole is \d+ bytes, shown are the first \d+\.\]$/);
  expect(text).not.toContain("\u{fffd}");
  expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(MAX_OUTPUT_BYTES);
});

test.each([
  ["throws", async () => Promise.reject(new Error("password=hunter2 in line 5"))],
  ["gives what JSON cannot say", async () => succeed(10n)],
])("[TL15] a tool that %s is an error for the model, and the operator hears why", async (_what, run) => {
  const world = new ToolWorld();
  const calls = [toCall({ toolCallId: "a" }), toCall({ toolCallId: "b", toolName: "other" })];
  await world.run([toTool({ run }), toTool({ name: "other" })], calls);
  expect(world.told).toEqual(
    expect.arrayContaining([toError("a", "The tool tool failed."), toOutput("b", "done")]),
  );
  expect(world.faults).toEqual([{ subject: "tool", name: "tool", error: expect.any(String) }]);
});

test("[TL15] an approval that fails takes no other call with it", async () => {
  const world = new ToolWorld();
  const tools = [toTool({ needsApproval: true }), toTool({ name: "other" })];
  const calls = [toCall({ toolCallId: "a" }), toCall({ toolCallId: "b", toolName: "other" })];
  await world.run(tools, calls, { waitForApproval: () => Promise.reject(new Error("gone")) });
  expect(world.told).toEqual(
    expect.arrayContaining([toError("a", expect.stringContaining("could not")), toOutput("b", "done")]),
  );
  expect(world.faults).toHaveLength(1);
});

test("[TL16] a call that a crash found waiting waits again under its id, without being asked twice", async () => {
  const world = new ToolWorld();
  const call = toCall({ state: "approval-requested", approval: { id: "from-before" } });
  const run = world.run([toTool({ needsApproval: true, isRepeatable: false })], [call], {
    openBeforeCrash: new Set(["call-1"]),
  });
  await world.clock.settle();
  world.words.get("from-before")?.(true);
  await run;
  expect(world.told).toEqual([
    { type: "tool-approval-response", approvalId: "from-before", approved: true },
    "stored",
    toOutput("call-1", "done"),
  ]);
});

test.each([
  [true, toOutput("call-1", "done")],
  [false, { type: "tool-output-denied", toolCallId: "call-1" }],
])("[TL16] a word that was given before a crash counts: %s", async (approved, end) => {
  const world = new ToolWorld();
  const call = toCall({ state: "approval-responded", approval: { id: "from-before", approved } });
  await world.run([toTool({ needsApproval: true })], [call], { openBeforeCrash: new Set(["call-1"]) });
  expect(world.told).toEqual([end]);
});

test.each([
  ["ran", toCall({}), false],
  ["was allowed", toCall({ state: "approval-responded", approval: { id: "x", approved: true } }), true],
])("[TL17] a call that %s when the crash came is not made again", async (_what, call, needsApproval) => {
  const world = new ToolWorld();
  const run = vi.fn<ServerTool["run"]>();
  await world.run([toTool({ isRepeatable: false, needsApproval, run })], [call], {
    openBeforeCrash: new Set(["call-1"]),
  });
  expect(world.told).toEqual([toError("call-1", expect.stringContaining("not known whether the tool ran"))]);
  expect(run).not.toHaveBeenCalled();
});

test("[TL36] a call that may have run before a crash is not denied because its server is away now", async () => {
  const world = new ToolWorld();
  await world.run(
    [],
    [
      toCall({ toolCallId: "a" }),
      toCall({ toolCallId: "b", state: "approval-responded", approval: { id: "x", approved: true } }),
      toCall({ toolCallId: "c", state: "approval-requested", approval: { id: "y" } }),
      toCall({ toolCallId: "d", state: "approval-responded", approval: { id: "z", approved: false } }),
      toCall({ toolCallId: "e" }),
    ],
    { openBeforeCrash: new Set(["a", "b", "c", "d"]) },
  );
  const isUnknown = expect.stringContaining("it is not known whether the tool ran");
  expect(world.told.slice(0, 2)).toEqual([toError("a", isUnknown), toError("b", isUnknown)]);
  const isNotThere = expect.stringMatching(/^There is no tool "tool"/);
  expect(world.told.slice(2)).toEqual(["c", "d", "e"].map((id) => toError(id, isNotThere)));
});

test("[TL17] a repeatable one is, and so is a call of this life", async () => {
  const world = new ToolWorld();
  const tools = [toTool({ name: "reads" }), toTool({ name: "sends", isRepeatable: false })];
  const calls = [
    toCall({ toolCallId: "old", toolName: "reads" }),
    toCall({ toolCallId: "new", toolName: "sends" }),
  ];
  await world.run(tools, calls, { openBeforeCrash: new Set(["old"]) });
  expect(world.told).toEqual(expect.arrayContaining([toOutput("old", "done"), toOutput("new", "done")]));
});

test("[TL17] a call that had not been allowed yet cannot have run: the person is asked", async () => {
  const world = new ToolWorld();
  await world.run([toTool({ isRepeatable: false, needsApproval: true })], [toCall({})], {
    openBeforeCrash: new Set(["call-1"]),
    waitForApproval: async () => true,
  });
  expect(world.told.at(-1)).toEqual(toOutput("call-1", "done"));
});

test("[TL17] what was told is stored before a tool runs that must not run twice, and only then", async () => {
  const world = new ToolWorld();
  await world.run(
    [toTool({ needsApproval: true, isRepeatable: false, run: async () => succeed("sent") })],
    [toCall({})],
    { waitForApproval: async () => true },
  );
  expect(world.told.slice(1)).toEqual([
    { type: "tool-approval-response", approvalId: "approval-1", approved: true },
    "stored",
    toOutput("call-1", "sent"),
  ]);
  const other = new ToolWorld();
  await other.run([toTool({})], [toCall({})]);
  expect(other.told).toEqual([toOutput("call-1", "done")]);
});
