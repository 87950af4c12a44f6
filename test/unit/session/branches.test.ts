/** The tree of a chat: the path that is shown, pages of it, branches beside each other, two tabs at once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChatWorld, say, textOf, toWords } from "./chat-world.ts";
import type { FakeSocket } from "./session-fakes.ts";

async function talk(world: ChatWorld, socket: FakeSocket, ...questions: string[]): Promise<void> {
  for (const [index, question] of questions.entries()) {
    world.ask(socket, `${question}-${index}`, question, { id: `q${question}` });
    await world.finish();
  }
}

/** Every message, and every message that is named beside another one, can be reached; none is lost. */
function expectWholeTree(world: ChatWorld): void {
  const rows = world.disk.all(
    "select message_id as id, parent_id as parent, role from message order by position",
  );
  const ids = new Set(rows.map(({ id }) => id));
  for (const { parent } of rows) expect(parent === null || ids.has(parent)).toBe(true);
  const siblings = Map.groupBy(rows, ({ parent }) => parent ?? "");
  const named = world.disk.all("select parent_id as parent, message_id as id from branch order by id");
  for (const [parent, beside] of siblings) {
    const expected = beside.length < 2 ? [] : beside.map(({ id }) => id);
    const found = named.filter((row) => row["parent"] === parent).map(({ id }) => id);
    expect(found).toHaveLength(expected.length);
    expect(new Set(found)).toEqual(new Set(expected));
    expect(new Set(beside.map(({ role }) => role)).size).toBe(1);
  }
}

describe("pages", () => {
  it("[SE70] a new tab is told the newest sixty and that there are older ones, which come page by page", async () => {
    const world = new ChatWorld();
    const socket = world.connect(false);
    for (let index = 0; index < 50; index += 1)
      await talk(world, socket, String(1_000_000 + index).slice(1) + " 1");
    const tab = world.connect(true);
    const [hello] = tab.of("hello");
    expect([hello?.messages.length, hello?.hasOlder]).toEqual([60, true]);
    const all = [...(hello?.messages ?? [])];
    while (tab.of("older-messages").at(-1)?.hasOlder !== false) {
      world.send(tab, { type: "load-older", before: all[0]?.id, limit: 15 });
      const page = tab.of("older-messages").at(-1);
      expect(page?.before).toBe(all[0]?.id);
      expect(page?.messages.length).toBeLessThanOrEqual(15);
      all.unshift(...(page?.messages ?? []));
    }
    expect(all).toHaveLength(100);
    expect(all.slice(1).map(({ parentId }) => parentId)).toEqual(all.slice(0, -1).map(({ id }) => id));
    expect(all.map(({ id }) => id)).toEqual(world.chat.view.readNewest(1_000).messages.map(({ id }) => id));
  });

  it("[SE70] exactly sixty are all there is", async () => {
    const world = new ChatWorld();
    for (let index = 0; index < 30; index += 1) await talk(world, world.connect(false), `${index} 1`);
    const [hello] = world.connect(true).of("hello");
    expect([hello?.messages.length, hello?.hasOlder]).toEqual([60, false]);
  });

  it("[SE70] above a message that is not there is nothing", async () => {
    const world = new ChatWorld();
    const tab = world.connect(true);
    await talk(world, tab, "1");
    world.send(tab, { type: "load-older", before: "nowhere" });
    expect(tab.of("older-messages")).toEqual([
      { type: "older-messages", before: "nowhere", messages: [], hasOlder: false, branches: {} },
    ]);
  });

  it("[SE70] the path goes on above answers that are still open", async () => {
    const world = new ChatWorld();
    const socket = world.connect(false);
    await talk(world, socket, "1");
    for (const id of ["r2", "r3", "r4"]) world.ask(socket, id, "5");
    await world.clock.advance(30);
    const [hello] = world.connect(true).of("hello");
    expect(hello?.messages.map(({ id }) => id)).toEqual([
      "q1",
      expect.any(String),
      "user-r2",
      "user-r3",
      "user-r4",
    ]);
    expect(hello?.activeTurn).toMatchObject({ requestId: "r2", parentId: "user-r2" });
    const { messages } = world.chat.view.readWithRunning(1_000);
    expect(messages.map(({ parts }) => textOf(parts))).toEqual(["1", "w0 ", "5", "w0 ", "5", "5"]);
    await world.finish();
    expect(world.path()).toEqual(["1", toWords(1), "5", toWords(5), "5", toWords(5), "5", toWords(5)]);
  });

  it("[SE133] are one path, also while the running answer is on another branch", async () => {
    const world = new ChatWorld();
    const tab = world.connect(true);
    await talk(world, tab, "1");
    world.ask(tab, "r1", "second 100");
    await world.clock.advance(100);
    world.ask(tab, "r2", "edited 3", { messageId: "q1" });
    const { messages } = world.chat.view.readWithRunning(50);
    expect(messages.map(({ parts }) => textOf(parts))).toEqual(["edited 3"]);
    expect(messages[0]?.parentId).toBeNull();
  });

  it.each([1, 2, 3, 4, 5])("[SE133] of %i come whole while questions wait", async (limit) => {
    const world = new ChatWorld();
    const tab = world.connect(true);
    await talk(world, tab, "0");
    world.ask(tab, "r1", "one 100");
    await world.clock.advance(100);
    world.ask(tab, "r2", "two 3");
    world.ask(tab, "r3", "three 3");
    const { view } = world.chat;
    let page = view.readWithRunning(limit);
    const seen = [...page.messages];
    while (page.hasOlder) {
      page = view.readOlder(seen[0]?.id ?? "", limit);
      expect(page.messages.length).toBeLessThanOrEqual(limit);
      seen.unshift(...page.messages);
    }
    const stored = seen.filter(({ metadata }) => metadata?.status !== "streaming");
    expect(stored.map(({ id }) => id)).toEqual(["q0", expect.any(String), "user-r1", "user-r2", "user-r3"]);
    expect(seen.length - stored.length).toBe(limit < 3 ? 0 : 1);
  });
});

describe("branches", () => {
  it("[SE71] [SE22] all at one place are named, oldest first, in every tab at once and when one comes later", async () => {
    const world = new ChatWorld();
    const [tab, other] = [world.connect(true), world.connect(true)];
    await talk(world, tab, "1", "2");
    world.ask(tab, "r3", "3", { messageId: "q2" });
    await world.finish();
    world.regenerate(other, "r4");
    await world.finish();
    const [hello] = world.connect(true).of("hello");
    const [, first, edited, again] = hello?.messages ?? [];
    expect(world.path()).toEqual(["1", toWords(1), "3", toWords(3)]);
    expect(edited?.parentId).toBe(first?.id);
    const answers = world.store.messages.findChildren(edited?.id ?? "");
    expect(answers.at(-1)).toBe(again?.id);
    expect(hello?.branches).toEqual({
      [edited?.id ?? ""]: ["q2", edited?.id],
      [again?.id ?? ""]: answers,
    });
    for (const each of [tab, other]) {
      const told = Object.assign({}, ...each.of("branches-changed").map(({ branches }) => branches));
      expect(told).toMatchObject(hello?.branches ?? {});
    }
    expectWholeTree(world);
  });

  it("[SE72] another branch is shown in every tab, down to its newest message", async () => {
    const world = new ChatWorld();
    const [tab, other] = [world.connect(true), world.connect(true)];
    await talk(world, tab, "1", "2", "3");
    world.ask(tab, "r4", "4", { messageId: "q1" });
    await world.finish();
    expect(world.path()).toEqual(["4", toWords(4)]);
    world.send(other, { type: "select-branch", messageId: "q1" });
    const old = ["1", toWords(1), "2", toWords(2), "3", toWords(3)];
    expect(world.path()).toEqual(old);
    for (const each of [tab, other]) {
      const changed = each.of("path-changed").at(-1);
      expect(changed?.messages.map(({ parts }) => textOf(parts))).toEqual(old);
      expect(changed?.branches["q1"]).toHaveLength(2);
    }
    await talk(world, tab, "5");
    expect(world.path()).toEqual([...old, "5", toWords(5)]);
    world.crash();
    expect(world.path()).toEqual([...old, "5", toWords(5)]);
  });

  it("[SE72] is refused while an answer is being written, and for a message that is not there", async () => {
    const world = new ChatWorld();
    const [tab, other] = [world.connect(true), world.connect(true)];
    await talk(world, tab, "1");
    world.ask(tab, "r2", "2", { messageId: "q1" });
    world.send(other, { type: "select-branch", messageId: "q1" });
    await world.finish();
    world.send(other, { type: "select-branch", messageId: "nowhere" });
    expect(other.of("error").map(({ errorText }) => errorText)).toEqual([
      expect.stringContaining("still being written"),
      expect.stringContaining("no such message"),
    ]);
    expect([other.of("path-changed"), tab.of("error")]).toEqual([[], []]);
    expect(world.path()).toEqual(["2", toWords(2)]);
  });
});

describe("several at once", () => {
  it("[SE73] two tabs that edit one question at once: both branches are there, the later one is shown", async () => {
    const world = new ChatWorld();
    const [one, two] = [world.connect(true), world.connect(false)];
    await talk(world, one, "1", "2");
    world.ask(one, "r3", "3", { messageId: "q2" });
    world.ask(two, "r4", "4", { messageId: "q2" });
    world.regenerate(two, "r5");
    await world.finish();
    expect(two.of("error")).toHaveLength(1);
    expect(world.path()).toEqual(["1", toWords(1), "4", toWords(4)]);
    expect(one.textOf("r3")).toBe(toWords(3));
    expectWholeTree(world);
  });

  it("[SE22] [SE71] a question behind one that was taken back goes below it, and both are shown", async () => {
    const world = new ChatWorld();
    const tab = world.connect(true);
    world.ask(tab, "r1", "30");
    world.ask(tab, "r2", "2");
    await world.clock.advance(50);
    world.send(tab, { type: "abort", requestId: "r2" });
    const [hello] = world.connect(true).of("hello");
    expect(hello?.messages.map(({ id }) => id)).toEqual(["user-r1", "user-r2", expect.any(String)]);
    world.ask(tab, "r3", "3");
    await world.finish();
    expect(world.path()).toEqual(["30", toWords(30), "2", "", "3", toWords(3)]);
    expect(world.statuses()).toEqual([
      ...[undefined, "complete", undefined, "cancelled"],
      ...[undefined, "complete"],
    ]);
    expectWholeTree(world);
  });

  const action = fc.oneof(
    fc.record({ type: fc.constant("ask" as const), tab: fc.nat({ max: 2 }) }),
    fc.record({ type: fc.constant("edit" as const), tab: fc.nat({ max: 2 }), which: fc.nat() }),
    fc.record({ type: fc.constant("again" as const), tab: fc.nat({ max: 2 }), which: fc.nat() }),
    fc.record({ type: fc.constant("select" as const), tab: fc.nat({ max: 2 }), which: fc.nat() }),
    fc.record({ type: fc.constant("stop" as const), which: fc.nat() }),
    fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ type: fc.constant("crash" as const) }),
  );

  it("[SE73] whatever tabs do, and whenever the object dies, the tree holds every message, each in its place", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        const world = new ChatWorld();
        let tabs = [world.connect(true), world.connect(true), world.connect(false)];
        const asked = new Set<string>();
        const ids = (): string[] =>
          world.disk.all("select message_id as id from message").map(({ id }) => String(id));
        const pick = (which: number): string => ids()[which % Math.max(1, ids().length)] ?? "none";
        for (const [index, each] of actions.entries()) {
          const tab = "tab" in each ? tabs[each.tab] : undefined;
          const text = `${index} ${1 + (index % 9)}`;
          if (each.type === "wait") await world.clock.advance(each.ms);
          else if (each.type === "crash") {
            world.crash();
            tabs = [world.connect(true), world.connect(true), world.connect(false)];
          } else if (each.type === "stop") {
            const open = world.store.readOpenTurns();
            world.chat.stop(open[each.which % Math.max(1, open.length)]?.turnId ?? "none");
          } else if (tab === undefined) continue;
          else if (each.type === "select") {
            if (tab.live) world.send(tab, { type: "select-branch", messageId: pick(each.which) });
          } else {
            const before = tab.of("error").length;
            if (each.type === "ask") world.ask(tab, `r${index}`, text);
            else if (each.type === "edit") world.ask(tab, `r${index}`, text, { messageId: pick(each.which) });
            else world.regenerate(tab, `r${index}`, pick(each.which));
            if (each.type !== "again" && tab.of("error").length === before) asked.add(text);
          }
        }
        await world.finish();
        expectWholeTree(world);
        const stored = world.disk.all("select parts, role from message");
        const questions = stored.filter(({ role }) => role === "user").map(({ parts }) => String(parts));
        expect(questions).toHaveLength(asked.size);
        for (const text of asked)
          expect(questions.some((parts) => parts.includes(JSON.stringify(text)))).toBe(true);
        // What is shown ends below the newest turn, unless somebody has chosen another branch since.
        const shown = world.chat.view.readNewest(1_000);
        expect(shown.hasOlder).toBe(false);
        expect(shown.messages.map(({ role }) => role)).toEqual(
          shown.messages.map((_, index) => (index % 2 === 0 ? "user" : "assistant")),
        );
        for (const tab of tabs) expect(tab.closing).toBeNull();
      }),
      { numRuns: 150 },
    );
  });
});

it("[SE144] [SE79] a search of a long chat holds up no answer that is being written, and finds all the same", async () => {
  const world = new ChatWorld({
    speak: (question) =>
      question === "long"
        ? { pieces: [say("я".repeat(30_000))], paceMs: 1 }
        : { pieces: [say("w0 "), say("w1 ")], paceMs: 50 },
  });
  const socket = world.connect(true);
  for (let turn = 0; turn < 10; turn += 1) {
    world.ask(socket, `r${turn}`, "long");
    await world.finish();
  }
  world.ask(socket, "short", "short");
  const running: boolean[] = [];
  const pause = async (): Promise<void> => {
    running.push(world.chat.isRunning);
    await world.clock.advance(100);
  };
  const hits = await world.chat.view.search("LONG", 100, pause);
  expect(hits).toHaveLength(10);
  expect(running).toEqual([true, false]);
  expect(await world.chat.view.search("long", 2, pause)).toEqual(hits.slice(0, 2));
});
