import { expect, test } from "vitest";
import { parseMcpServers } from "../../../src/tools/mcp-config.ts";

const SECRET = "s3cret-value";
const docs = { name: "docs", url: "https://example.com/mcp" };

test("[TL20] a server needs a name and an address; a person is asked unless said otherwise", () => {
  expect(parseMcpServers(JSON.stringify([docs]))).toEqual({
    ok: true,
    value: [{ ...docs, headers: {}, approval: "always" }],
  });
  const whole = {
    ...docs,
    headers: { authorization: `Bearer ${SECRET}` },
    approval: "never",
    tools: ["a", "b"],
  };
  expect(parseMcpServers(JSON.stringify([whole]))).toEqual({ ok: true, value: [whole] });
});

test.each([undefined, "", "  "])("[TL20] %j is no servers", (text) => {
  expect(parseMcpServers(text)).toEqual({ ok: true, value: [] });
});

test.each(["http://localhost:3000/mcp", "http://127.0.0.1:1", "http://[::1]:9/x"])(
  "[TL20] on loopback http will do: %s",
  (url) => {
    expect(parseMcpServers(JSON.stringify([{ ...docs, url }])).ok).toBe(true);
  },
);

test.each<[string, unknown, string]>([
  ["no list", docs, "MCP_SERVERS: must be a list."],
  [
    "http elsewhere",
    [{ ...docs, url: "http://example.com" }],
    "MCP_SERVERS[0].url: must begin with https://",
  ],
  ["a file", [{ ...docs, url: "file:///etc/passwd" }], "MCP_SERVERS[0].url: must begin with https://"],
  ["no address", [{ ...docs, url: "example.com" }], "MCP_SERVERS[0].url: must be a whole address"],
  ["a key in the address", [{ ...docs, url: `https://me:${SECRET}@x.com` }], "must not hold a password"],
  ["a bad name", [{ ...docs, name: "My Docs" }], "MCP_SERVERS[0].name: must be 1 to 24 small letters"],
  ["a name twice", [docs, docs], "MCP_SERVERS[1].name: docs is there twice."],
  ["six servers", Array.from({ length: 6 }, (_, index) => ({ ...docs, name: `d${index}` })), "more than 5"],
  ["a number as header", [{ ...docs, headers: { key: 5 } }], "MCP_SERVERS[0].headers.key: must be a string."],
  ["a line break", [{ ...docs, headers: { key: `${SECRET}\n` } }], "MCP_SERVERS[0].headers.key: holds"],
  ["an empty header", [{ ...docs, headers: { key: "" } }], "MCP_SERVERS[0].headers.key: is empty"],
  [
    "a header of ours",
    [{ ...docs, headers: { "Mcp-Session-Id": SECRET } }],
    "MCP_SERVERS[0].headers: may not",
  ],
  [
    "a value as a name",
    [{ ...docs, headers: { [`Bearer ${SECRET}`]: "x" } }],
    "[0].headers: a header has a name",
  ],
  [
    "a word for approval",
    [{ ...docs, approval: "maybe" }],
    'MCP_SERVERS[0].approval: must be "always" or "never"',
  ],
  ["a misspelt field", [{ ...docs, aproval: "never" }], "aproval"],
  ["no tools at all", [{ ...docs, tools: [] }], "MCP_SERVERS[0].tools"],
])("[TL20] %s is refused and named, and no secret with it", (_what, servers, message) => {
  const parsed = parseMcpServers(JSON.stringify(servers));
  expect(parsed).toMatchObject({ ok: false, error: expect.stringContaining(message) });
  expect(JSON.stringify(parsed)).not.toContain(SECRET);
});

test("[TL20] what is no JSON is not quoted", () => {
  const parsed = parseMcpServers(`[{"headers":{"authorization":"${SECRET}"}`);
  expect(parsed).toMatchObject({ ok: false, error: expect.stringContaining("MCP_SERVERS is not JSON") });
  expect(JSON.stringify(parsed)).not.toContain(SECRET);
});

test("[TL20] every mistake is named at once", () => {
  const parsed = parseMcpServers(JSON.stringify([{ name: "A", url: "x" }]));
  expect(parsed).toMatchObject({ error: expect.stringMatching(/\[0\]\.name.*\[0\]\.url/) });
});
