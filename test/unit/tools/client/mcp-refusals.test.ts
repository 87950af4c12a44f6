import { expect, test } from "vitest";
import { MAY_HAVE_RUN } from "../../../../src/tools/tool.ts";
import { isForgottenSession } from "../../../../src/tools/client/read-refusal.ts";
import { call, never, open, start } from "./mcp-world.ts";

const toBody = (message: string, more: object = {}): string =>
  JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32_000, message }, ...more });

test.each([
  "Bad Request: No valid session ID provided",
  "Bad Request: No valid session ID or not an initialize request",
  "Bad Request: Unknown Mcp-Session-Id header",
  "Bad Request: Server not initialized",
  "Bad Request: Mcp-Session-Id header is required",
  "Invalid session ID",
  "Session not found",
  "Session expired, initialize again",
])("[TL40] an older server that says 400 and “%s” has lost the session", (message) => {
  expect(isForgottenSession({ status: 400, text: toBody(message) })).toBe(true);
  expect(isForgottenSession({ status: 400, text: toBody(message, { id: "server-error" }) })).toBe(true);
  expect(isForgottenSession({ status: 400, text: message })).toBe(true);
  expect(isForgottenSession({ status: 500, text: message })).toBe(false);
});

test.each([
  ["bad arguments", toBody("Invalid arguments: city is required")],
  ["bad arguments named session", toBody("session_id: expected a string, got sessionId 7")],
  ["an answer to this very request", toBody("Session not found", { id: 2 })],
  ["the protocol's code", toBody("", { error: { code: -32_602, message: "invalid session given" } })],
  ["a page", "<html>Bad Request</html>"],
  ["nothing", ""],
])("[TL40] 400 with %s is no lost session", (_what, text) => {
  expect(isForgottenSession({ status: 400, text })).toBe(false);
});

test("[TL40] a call that an older server refuses with 400 is made once, and the model is told why", async () => {
  const standIn = await start();
  const { chat, faults } = open(standIn);
  const [tool] = await chat.listTools(never);
  standIn.faults = { status: 400, body: toBody("city is required"), only: "tools/call" };
  expect(await call(tool)).toBe("The tool server docs refused the call: city is required.");
  standIn.faults = { status: 400, body: "no", only: "tools/call" };
  expect(await call(tool)).toBe("The tool server docs answered with HTTP 400.");
  expect(standIn.methods.filter((method) => method === "tools/call")).toHaveLength(2);
  expect(standIn.methods.filter((method) => method === "initialize")).toHaveLength(1);
  expect(faults).toMatchObject([{ error: "The tool server docs answered with HTTP 400." }]);
});

test("[TL40] a session that is lost with 400 is opened again, and the call made in it", async () => {
  const standIn = await start();
  const { chat } = open(standIn);
  const [tool] = await chat.listTools(never);
  standIn.faults = { status: 400, body: toBody("No valid session ID provided"), only: "tools/call" };
  expect(await call(tool)).toContain("No valid session ID provided");
  expect(standIn.methods.slice(-3)).toEqual(["initialize", "notifications/initialized", "tools/call"]);
});

const STREAM = "text/event-stream";

test.each([
  [
    "sessions",
    "nothing",
    { body: ": ping\n\n", contentType: STREAM },
    "ended its answer before it was whole",
  ],
  [
    "stateless",
    "nothing",
    { body: ": ping\n\n", contentType: STREAM },
    "ended its answer before it was whole",
  ],
  [
    "sessions",
    "half a message",
    { body: 'data: {"jsonrpc":"2.0","id":', contentType: STREAM },
    "ended its answer before it was whole",
  ],
  ["sessions", "the word that it came", { status: 202 }, "took the call without an answer"],
] as const)(
  "[TL41] a call of a server of %s whose answer ends with %s ends at once",
  async (speaks, _what, faults, message) => {
    const standIn = await start({ speaks, answersAs: "stream" });
    const { chat } = open(standIn);
    const [tool] = await chat.listTools(never);
    standIn.faults = { ...faults, only: "tools/call" };
    expect(await call(tool)).toBe(`The tool server docs ${message}. ${MAY_HAVE_RUN}`);
    expect(standIn.methods.filter((method) => method === "tools/call")).toHaveLength(1);
  },
);

test("[TL41] a stream that cannot be taken up again ends its call as soon as that is known", async () => {
  const standIn = await start({ answersAs: "stream" });
  const { chat } = open(standIn);
  const [tool] = await chat.listTools(never);
  standIn.faults = { body: "id: 1\nretry: 10\ndata:\n\n", contentType: STREAM, only: "tools/call" };
  expect(await call(tool)).toBe(`The tool server docs ended its answer before it was whole. ${MAY_HAVE_RUN}`);
});

test.each([{ body: "" }, { body: "id: 1\nretry: 10\ndata:\n\n" }])(
  "[TL54] a server that begins with a stream without an answer is let go at once: %o",
  async ({ body }) => {
    const standIn = await start({ answersAs: "stream" });
    const { chat, faults } = open(standIn, { limits: { connectMs: 60_000, callMs: 60_000 } });
    standIn.faults = { body, contentType: STREAM, only: "initialize" };
    expect(await chat.listTools(never)).toEqual([]);
    expect(faults).toMatchObject([
      { error: expect.stringContaining("ended its answer before it was whole") },
    ]);
    standIn.faults = {};
    expect(await open(standIn).chat.listTools(never)).toHaveLength(1);
  },
);

test("[TL51] HTTP 408 is no refusal: whoever was asked gave up waiting, and the call may have been made", async () => {
  const standIn = await start();
  const { chat } = open(standIn);
  const [tool] = await chat.listTools(never);
  standIn.faults = { status: 408, body: "Request Timeout", only: "tools/call" };
  expect(await call(tool)).toBe(`The tool server docs answered with HTTP 408. ${MAY_HAVE_RUN}`);
});

test("[HT281] a request to a server that is stopped, or whose time is up, is aborted without a reason of our own", async () => {
  const standIn = await start();
  const signals: AbortSignal[] = [];
  const { chat } = open(standIn, {
    limits: { connectMs: 5_000, callMs: 50 },
    fetch: (url, init) => {
      if (typeof init?.body === "string" && init.body.includes("tools/call") && init.signal)
        signals.push(init.signal);
      return fetch(url, init);
    },
  });
  const [tool] = await chat.listTools(never);
  standIn.faults = { delayMs: "never", only: "tools/call" };
  expect(await call(tool)).toContain("did not answer in time");
  const stop = new AbortController();
  const stopped = call(tool, { q: "x" }, stop.signal);
  stop.abort();
  expect(await stopped).toContain("stopped");
  expect(signals.length).toBeGreaterThan(0);
  for (const { aborted, reason } of signals) {
    expect(aborted).toBe(true);
    expect(reason).toMatchObject({ name: "AbortError", message: "This operation was aborted" });
  }
});

test.each(["initialize", "tools/list"])(
  "[TL23] a server that refuses %s has no tools, and the operator is told",
  async (method) => {
    const standIn = await start();
    const { chat, faults } = open(standIn, {
      fetch: async (url, init) => {
        const body = typeof init?.body === "string" ? init.body : "";
        if (!body.includes(`"${method}"`)) return await fetch(url, init);
        const { id }: { id: number } = JSON.parse(body);
        return Response.json({ jsonrpc: "2.0", id, error: { code: -32_603, message: "No licence" } });
      },
    });
    expect(await chat.listTools(never)).toEqual([]);
    expect(faults).toMatchObject([{ error: expect.stringContaining("No licence") }]);
  },
);
