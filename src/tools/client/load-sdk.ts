/** The MCP SDK, evaluated when a chat first needs it: most installations name no server (decision 0017). */
import type * as sdk from "@modelcontextprotocol/client";

export type McpSdk = typeof sdk;

export function loadMcpSdk(): Promise<McpSdk> {
  return import("@modelcontextprotocol/client");
}
