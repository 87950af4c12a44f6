/** Chats that know one stand-in MCP server, for the tests of the client. */
import { afterEach } from "vitest";
import { systemClock } from "../../../../src/system.ts";
import {
  McpServers,
  type McpListCache,
  type McpServersDeps,
} from "../../../../src/tools/client/mcp-servers.ts";
import type { McpServer } from "../../../../src/tools/mcp-config.ts";
import type { ServerTool, ToolFault } from "../../../../src/tools/tool.ts";
import { StandInMcpServer, toText, type StandInOptions } from "../../../fakes/stand-in-mcp-server.ts";

export const SECRET = "s3cret-value-of-a-key";
export const never = new AbortController().signal;
const standIns: StandInMcpServer[] = [];

afterEach(async () => {
  await Promise.all(standIns.splice(0).map((standIn) => standIn.stop()));
});

export const SEARCH = {
  name: "search",
  description: "Searches.",
  inputSchema: { type: "object", properties: { q: { type: "string" } } },
  result: (input: unknown) => toText(`found ${JSON.stringify(input)}`),
};

export async function start(options: Partial<StandInOptions> = {}): Promise<StandInMcpServer> {
  const standIn = await StandInMcpServer.start({ tools: [SEARCH], ...options });
  standIns.push(standIn);
  return standIn;
}

/** One chat that knows one server. */
export function open(
  standIn: StandInMcpServer,
  changes: Partial<McpServersDeps> & { server?: Partial<McpServer> } = {},
): { chat: McpServers; faults: ToolFault[]; cache: McpListCache } {
  const faults: ToolFault[] = [];
  const cache: McpListCache = changes.cache ?? new Map();
  const headers = { authorization: `Bearer ${SECRET}` };
  const chat = new McpServers({
    servers: [{ name: "docs", url: standIn.url, headers, approval: "always", ...changes.server }],
    cache,
    noteFault: (fault) => faults.push(fault),
    version: "test",
    clock: systemClock,
    fetch: (url, init) => fetch(url, init),
    ...changes,
  });
  return { chat, faults, cache };
}

export async function call(
  tool: ServerTool | undefined,
  input: unknown = { q: "x" },
  signal = never,
): Promise<unknown> {
  const result = await tool?.run(input, { signal, nowMs: 0 });
  return result?.ok === true ? result.value : result?.error;
}
