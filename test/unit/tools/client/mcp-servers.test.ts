import { expect, test } from "vitest";
import { systemClock } from "../../../../src/system.ts";
import type { McpListCache } from "../../../../src/tools/client/mcp-servers.ts";
import { MAY_HAVE_RUN } from "../../../../src/tools/tool.ts";
import { toText, type StandInTool } from "../../../fakes/stand-in-mcp-server.ts";
import { call, never, open, SEARCH, SECRET, start } from "./mcp-world.ts";

const GENERATIONS = [
  ["sessions", "json"],
  ["sessions", "stream"],
  ["stateless", "json"],
  ["stateless", "stream"],
] as const;

test.each(GENERATIONS)(
  "[TL26] a server of %s that answers as %s is listed and called",
  async (speaks, answersAs) => {
    const standIn = await start({ speaks, answersAs });
    const { chat, faults } = open(standIn);
    const tools = await chat.listTools(never);
    expect(tools).toMatchObject([
      {
        name: "docs__search",
        description: "Searches.",
        inputSchema: SEARCH.inputSchema,
        needsApproval: true,
      },
    ]);
    expect(await call(tools[0])).toBe('found {"q":"x"}');
    expect(await call(tools[0])).toBe('found {"q":"x"}');
    expect(faults).toEqual([]);
    const begin = speaks === "sessions" ? ["initialize", "notifications/initialized"] : [];
    expect(standIn.methods).toEqual(["server/discover", ...begin, "tools/list", "tools/call", "tools/call"]);
    expect(standIn.heard.every(({ headers }) => headers.authorization === `Bearer ${SECRET}`)).toBe(true);
    const version = speaks === "sessions" ? "2025-06-18" : "2026-07-28";
    expect(standIn.heard.at(-1)?.headers["mcp-protocol-version"]).toBe(version);
  },
);

test("[TL26] a session belongs to one chat", async () => {
  const standIn = await start();
  const cache: McpListCache = new Map();
  const [one, two] = [open(standIn, { cache }), open(standIn, { cache })];
  const [tool] = await one.chat.listTools(never);
  const [same] = await two.chat.listTools(never);
  for (const each of [tool, same, tool, same]) await call(each);
  const sessions = standIn.heard
    .filter(({ method }) => method === "tools/call")
    .map(({ headers }) => headers["mcp-session-id"]);
  expect(sessions).toEqual(["session-1", "session-2", "session-1", "session-2"]);
  expect(standIn.methods.filter((method) => method === "tools/list")).toHaveLength(1);
});

test("[TL26] a session that the server forgot is opened again once, and the call made in it", async () => {
  const standIn = await start();
  const { chat, faults } = open(standIn);
  const [tool] = await chat.listTools(never);
  standIn.forgetSessions();
  expect(await call(tool)).toBe('found {"q":"x"}');
  expect(faults).toEqual([]);
  standIn.faults = { status: 404, only: "tools/call" };
  expect(await call(tool)).toBe("The tool server docs answered with HTTP 404.");
  expect(standIn.methods.filter((method) => method === "initialize")).toHaveLength(3);
});

test("[TL26] a server that fails at the question for its generation is asked in the old way", async () => {
  const standIn = await start();
  standIn.faults = { status: 500, body: "boom", only: "server/discover" };
  const { chat, faults } = open(standIn);
  expect(await chat.listTools(never)).toHaveLength(1);
  expect(faults).toEqual([]);
});

test("[TL26] a server that changed its generation is found out", async () => {
  const [before, after] = [await start(), await start({ speaks: "stateless" })];
  const { chat, cache } = open(before);
  await chat.listTools(never);
  const later = open(after, { cache });
  const [tool] = await later.chat.listTools(never);
  expect(await call(tool)).toContain("refused the call");
  const [again] = await later.chat.listTools(never);
  expect(await call(again)).toBe('found {"q":"x"}');
});

test("[TL21] the allow-list counts, and so does the word `never`", async () => {
  const standIn = await start({ tools: [SEARCH, { name: "delete" }] });
  const { chat, faults } = open(standIn, { server: { tools: ["search", "gone"], approval: "never" } });
  const tools = await chat.listTools(never);
  expect(tools.map(({ name, needsApproval }) => [name, needsApproval])).toEqual([["docs__search", false]]);
  expect(faults).toEqual([
    { subject: "server", name: "docs", error: expect.stringContaining("gone (the server has none") },
  ]);
});

test("[TL21] all servers together offer at most 50 tools", async () => {
  const standIn = await start({ tools: Array.from({ length: 30 }, (_, index) => ({ name: `t${index}` })) });
  const servers = ["one", "two"].map((name) => ({
    name,
    url: standIn.url,
    headers: {},
    approval: "never" as const,
  }));
  const { chat, faults } = open(standIn, { servers });
  expect(await chat.listTools(never)).toHaveLength(50);
  expect(faults).toEqual([{ subject: "server", name: "two", error: expect.stringContaining("10 tools") }]);
});

test("[TL38] what cannot be read of a list takes nothing else with it", async () => {
  const odd = (tool: object): StandInTool => ({ ...SEARCH, ...tool });
  const nothing: Record<string, unknown> = { description: null, annotations: null, outputSchema: null };
  const standIn = await start({
    tools: [
      SEARCH,
      odd({ name: "nulls", ...nothing }),
      odd({ name: "untyped", inputSchema: { properties: { q: { type: "string" } } } }),
      odd({ name: "words", inputSchema: { type: "string" } }),
      odd({ name: null }),
    ],
    listMore: { nextCursor: null },
  });
  const { chat, faults } = open(standIn);
  const tools = await chat.listTools(never);
  expect(tools.map(({ name }) => name)).toEqual(["docs__search", "docs__nulls", "docs__untyped"]);
  expect(faults).toMatchObject([
    {
      error: "Tools that are not offered: words (its schema is not that of an object),  (it has no name).",
    },
  ]);
  expect(await call(tools[1])).toBe('found {"q":"x"}');
});

test("[TL38] a list without tools in it is none", async () => {
  const standIn = await start({ listMore: { tools: { a: 1 } } });
  const { chat, faults } = open(standIn);
  expect(await chat.listTools(never)).toEqual([]);
  expect(faults).toMatchObject([{ error: "The tool server docs gave an answer that is not MCP's." }]);
});

test.each([
  [
    "a kind nobody knows",
    { content: [{ type: "chart" }, { type: "text", text: "found" }] },
    /of the kind chart.*found/s,
  ],
  ["a picture without its type", { content: [{ type: "image", data: "AA==" }] }, /^\[An image/],
  ["a part that is none", { content: [null, { type: "text", text: "found" }] }, /found$/],
  ["no list of parts", { content: "found", structuredContent: { a: 1 } }, /^\{"a":1\}$/],
  ["nothing", {}, /^$/],
])("[TL39] a result with %s is told as far as it can be read", async (_what, result, told) => {
  const { chat } = open(await start({ tools: [{ ...SEARCH, result: () => result }] }));
  const [tool] = await chat.listTools(never);
  expect(await tool?.run({}, { signal: never, nowMs: 0 })).toEqual({
    ok: true,
    value: expect.stringMatching(told),
  });
});

test("[TL39] an error in quotes is one", async () => {
  const result = (): object => ({ ...toText("no such page"), isError: "true" });
  const { chat } = open(await start({ tools: [{ ...SEARCH, result }] }));
  const [tool] = await chat.listTools(never);
  expect(await tool?.run({}, { signal: never, nowMs: 0 })).toEqual({ ok: false, error: "no such page" });
});

test("[TL23] a server that is down has no tools, and the others have theirs", async () => {
  const [up, down] = [await start(), await start()];
  await down.stop();
  const server = { headers: {}, approval: "never" as const };
  const { chat, faults } = open(up, {
    servers: [
      { ...server, name: "down", url: down.url },
      { ...server, name: "up", url: up.url },
    ],
  });
  expect((await chat.listTools(never)).map(({ name }) => name)).toEqual(["up__search"]);
  expect(faults).toEqual([
    { subject: "server", name: "down", error: "The tool server down cannot be reached." },
  ]);
});

test.each([
  ["an error", { status: 500, body: "boom" }, "answered with HTTP 500"],
  ["a page", { body: "<html>", contentType: "text/html" }, "gave an answer that is not MCP's"],
  ["no JSON", { body: "{" }, "gave an answer that is not MCP's"],
  ["other JSON", { body: '{"hello":1}' }, "gave an answer that is not MCP's"],
  ["a closed door", { status: 401 }, "does not let us in (HTTP 401)"],
  ["a stream of nothing", { body: ": ping\n\n", contentType: "text/event-stream" }, "did not answer in time"],
])("[TL23] a server that answers with %s has no tools", async (_what, faults, message) => {
  const standIn = await start();
  standIn.faults = faults;
  const opened = open(standIn, { limits: { connectMs: 500, callMs: 500 } });
  expect(await opened.chat.listTools(never)).toEqual([]);
  expect(opened.faults).toEqual([
    { subject: "server", name: "docs", error: expect.stringContaining(message) },
  ]);
});

test.each([
  ["an error", { status: 503 }, "The tool server docs answered with HTTP 503."],
  ["no JSON", { body: "nonsense" }, "The tool server docs gave an answer that is not MCP's."],
  ["no answer", { delayMs: "never" as const }, "The tool server docs did not answer in time."],
])(
  "[TL23] a call that meets %s is a sentence, and the next listing asks anew",
  async (_what, faults, message) => {
    const standIn = await start();
    const opened = open(standIn, { limits: { connectMs: 5_000, callMs: 200 } });
    const [tool] = await opened.chat.listTools(never);
    standIn.faults = { ...faults, only: "tools/call" };
    expect(await call(tool)).toBe(`${message} ${MAY_HAVE_RUN}`);
    expect(opened.faults).toEqual([{ subject: "server", name: "docs", error: message }]);
    await opened.chat.listTools(never);
    expect(standIn.methods.filter((method) => method === "tools/list")).toHaveLength(2);
  },
);

test("[TL35] of a call that its server refused, of a repeatable one, and of one that never left it is not said that it may have run", async () => {
  const readOnly = { ...SEARCH, name: "read", annotations: { readOnlyHint: true } };
  const standIn = await start({ tools: [SEARCH, readOnly] });
  const { chat } = open(standIn);
  const [search, read] = await chat.listTools(never);
  standIn.faults = { status: 503, only: "tools/call" };
  expect(await call(read)).toBe("The tool server docs answered with HTTP 503.");
  standIn.faults = { status: 403, only: "tools/call" };
  expect(await call(search)).toBe("The tool server docs does not let us in (HTTP 403).");
  standIn.faults = {};
  const [fresh] = await open(standIn).chat.listTools(never);
  standIn.forgetSessions();
  standIn.faults = { status: 503, only: "initialize" };
  expect(await call(fresh)).toBe("The tool server docs answered with HTTP 503.");
});

test("[TL23] a refused call says something about the call, not about the server", async () => {
  const standIn = await start({
    tools: [
      { name: "a", result: () => ({ error: { code: -32000, message: "Quota used up" } }) },
      { name: "b", result: () => ({ ...toText("No such page."), isError: true }) },
    ],
  });
  const { chat, faults } = open(standIn);
  const tools = await chat.listTools(never);
  expect(await call(tools[0])).toMatch(/^The tool server docs refused the call: .*Quota used up/);
  expect(await call(tools[1])).toBe("No such page.");
  expect(faults).toEqual([]);
});

test("[TL23] a server that wants to ask something in mid-call is told that it cannot", async () => {
  const standIn = await start({
    speaks: "stateless",
    tools: [
      {
        name: "ask",
        result: () => ({
          resultType: "input_required",
          inputRequests: {
            name: {
              method: "elicitation/create",
              params: { mode: "form", message: "Who?", requestedSchema: { type: "object", properties: {} } },
            },
          },
        }),
      },
    ],
  });
  const { chat } = open(standIn);
  const [tool] = await chat.listTools(never);
  expect(await call(tool)).toContain("wants to ask something in the middle of the call");
});

test("[TL22] connecting and listing have a time of their own", async () => {
  const standIn = await start();
  standIn.faults = { delayMs: 150 };
  const { chat, faults } = open(standIn, { limits: { connectMs: 200, callMs: 5_000 } });
  expect(await chat.listTools(never)).toEqual([]);
  expect(faults).toMatchObject([{ error: expect.stringContaining("did not answer") }]);
});

test("[TL22] a stop ends the call at once and tells the server", async () => {
  const standIn = await start();
  const { chat, faults } = open(standIn);
  const [tool] = await chat.listTools(never);
  standIn.faults = { delayMs: "never", only: "tools/call" };
  const controller = new AbortController();
  const called = call(tool, {}, controller.signal);
  await expect.poll(() => standIn.methods.at(-1)).toBe("tools/call");
  controller.abort();
  expect(await called).toBe("The call was stopped.");
  expect(faults).toEqual([]);
  await expect.poll(() => standIn.methods.at(-1)).toBe("notifications/cancelled");
});

test("[TL22] a stop while listing says nothing about the server", async () => {
  const standIn = await start();
  const { chat, faults } = open(standIn);
  expect(await chat.listTools(AbortSignal.abort())).toEqual([]);
  expect(faults).toEqual([]);
  expect(await chat.listTools(never)).toHaveLength(1);
});

test("[TL22] an answer without end is cut off", async () => {
  const standIn = await start({ tools: [{ name: "big", result: () => toText("x".repeat(5_000_000)) }] });
  const { chat } = open(standIn);
  const [tool] = await chat.listTools(never);
  expect(await call(tool)).toBe(`The tool server docs answered with more than 4 MiB. ${MAY_HAVE_RUN}`);
});

test("[TL24] a list is kept for five minutes, also for other chats, and a server's being down for 30 seconds", async () => {
  const standIn = await start();
  let nowMs = 0;
  const clock = { ...systemClock, nowMs: () => nowMs };
  const { chat, cache } = open(standIn, { clock });
  const other = open(standIn, { clock, cache }).chat;
  const countLists = (): number => standIn.methods.filter((method) => method === "tools/list").length;
  for (const each of [chat, other, chat]) expect(await each.listTools(never)).toHaveLength(1);
  expect(countLists()).toBe(1);
  expect(structuredClone(cache)).toEqual(cache);
  nowMs += 5 * 60_000;
  standIn.faults = { status: 500 };
  expect(await chat.listTools(never)).toEqual([]);
  standIn.faults = {};
  nowMs += 29_999;
  expect(await other.listTools(never)).toEqual([]);
  nowMs += 1;
  expect(await other.listTools(never)).toHaveLength(1);
  expect(countLists()).toBe(2);
});

test("[TL27] a server that repeats our key tells it to nobody", async () => {
  const standIn = await start({
    tools: [
      { name: "echo", result: (_input, headers) => toText(`you are ${headers.authorization}`) },
      {
        name: "refuse",
        result: (_input, { authorization }) => ({ error: { code: -32000, message: `no ${authorization}` } }),
      },
    ],
  });
  const { chat, faults } = open(standIn);
  const tools = await chat.listTools(never);
  expect(await call(tools[0])).toBe("you are [key]");
  expect(await call(tools[1])).not.toContain(SECRET);
  standIn.faults = { status: 403, body: `Bearer ${SECRET} is not allowed`, only: "tools/call" };
  expect(await call(tools[0])).toBe("The tool server docs does not let us in (HTTP 403).");
  expect(JSON.stringify(faults)).not.toContain(SECRET);
});

test("[TL27] a redirect to another host is not followed, so the key stays here", async () => {
  const elsewhere = await start();
  const standIn = await start();
  const { chat } = open(standIn, {
    fetch: async (url, init) =>
      url === standIn.url
        ? new Response(null, { status: 307, headers: { location: elsewhere.url } })
        : await fetch(url, init),
  });
  expect(await chat.listTools(never)).toEqual([]);
  expect(elsewhere.heard).toEqual([]);
});
