import { expect, test } from "vitest";
import type { McpServer } from "../../../src/tools/mcp-config.ts";
import { toMcpTools, type ListedTool } from "../../../src/tools/mcp-tools.ts";

const server: McpServer = { name: "docs", url: "https://example.com", headers: {}, approval: "always" };

function toListed(name: string, changes: Partial<ListedTool> = {}): ListedTool {
  return { name, description: `Does ${name}.`, inputSchema: { type: "object" }, ...changes };
}

test("[TL21] a tool is called after its server and itself, in characters that providers take", () => {
  const { tools, leftOut } = toMcpTools(server, [toListed("search"), toListed("files/read.all")]);
  expect(tools.map(({ name, remoteName }) => [name, remoteName])).toEqual([
    ["docs__search", "search"],
    ["docs__files_read_all", "files/read.all"],
  ]);
  expect(leftOut).toEqual([]);
});

test("[TL21] only what is on the allow-list is offered, and what is not there is said", () => {
  const listed = [toListed("search"), toListed("delete")];
  const { tools, leftOut } = toMcpTools({ ...server, tools: ["search", "serach"] }, listed);
  expect(tools.map(({ name }) => name)).toEqual(["docs__search"]);
  expect(leftOut).toEqual(["serach (the server has none of that name)"]);
});

test.each<[string, ListedTool[], string]>([
  ["too long a name", [toListed("x".repeat(60))], "its name is too long"],
  ["a name like another", [toListed("a.b"), toListed("a_b")], "another one has the same name"],
  [
    "too large a schema",
    [toListed("a", { inputSchema: { type: "object", $comment: "x".repeat(20_000) } })],
    "too large",
  ],
  ["the 51st place", Array.from({ length: 51 }, (_, index) => toListed(`t${index}`)), "more than 50 tools"],
])("[TL21] a tool with %s is not offered, with the reason", (_what, listed, reason) => {
  const { tools, leftOut } = toMcpTools(server, listed);
  expect(tools).toHaveLength(listed.length - 1);
  expect(leftOut).toEqual([expect.stringContaining(reason)]);
});

test("[TL21] a long description is cut, and without one the title stands in", () => {
  const { tools } = toMcpTools(server, [
    toListed("long", { description: "long ".repeat(1_000) }),
    toListed("titled", { description: undefined, title: "A title" }),
    toListed("bare", { description: undefined }),
  ]);
  expect(tools[0]?.description.length).toBeLessThanOrEqual(2_048);
  expect(tools.slice(1).map(({ description }) => description)).toEqual(["A title", "bare"]);
});

test.each([
  [{ readOnlyHint: true }, true],
  [{ idempotentHint: true }, true],
  [{ readOnlyHint: false }, false],
  [undefined, false],
])("[TL17] with the hints %j a call may be repeated after a crash: %s", (annotations, isRepeatable) => {
  const { tools } = toMcpTools(server, [toListed("a", { annotations })]);
  expect(tools[0]?.isRepeatable).toBe(isRepeatable);
});
