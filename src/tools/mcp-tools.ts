/** What of a server's list models are offered, and under which names. Pure. Rules TL21, TL38. */
import type { JSONSchema7 } from "@ai-sdk/provider";
import { JsonSchema } from "./define-tool.ts";
import { limitText } from "./limit-text.ts";
import { MAX_MCP_TOOLS, type McpServer } from "./mcp-config.ts";
import { isToolName } from "./registry.ts";

/** A tool as a server lists it: what is read of it. */
export interface ListedTool {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: unknown;
  readonly annotations?:
    | { readonly readOnlyHint?: boolean | undefined; readonly idempotentHint?: boolean | undefined }
    | undefined;
}

/** Plain data: it is kept in an isolate over many requests. */
export interface McpTool {
  /** For models: `docs__search`. */
  readonly name: string;
  /** For the server: `search`. */
  readonly remoteName: string;
  readonly description: string;
  readonly inputSchema: JSONSchema7;
  readonly isRepeatable: boolean;
}

const MAX_DESCRIPTION_BYTES = 2_048;
/** A definition is sent with every call of every model: one that is larger costs more than it helps. */
const MAX_SCHEMA_CHARACTERS = 20_000;

export interface McpToolList {
  readonly tools: readonly McpTool[];
  /** What was listed and is not offered, each with its reason. */
  readonly leftOut: readonly string[];
}

export function toMcpTools(server: McpServer, listed: readonly ListedTool[]): McpToolList {
  const tools: McpTool[] = [];
  const leftOut: string[] = [];
  const wanted = listed.filter(({ name }) => server.tools === undefined || server.tools.includes(name));
  for (const tool of wanted) {
    const name = `${server.name}__${tool.name.replace(/[^a-zA-Z0-9_-]/g, "_")}`;
    const problem = explainProblem(name, tool, tools);
    if (problem === null) tools.push(toMcpTool(name, tool));
    else leftOut.push(`${tool.name.slice(0, 64)} (${problem})`);
  }
  for (const name of server.tools ?? []) {
    if (!listed.some((tool) => tool.name === name))
      leftOut.push(`${name} (the server has none of that name)`);
  }
  return { tools, leftOut };
}

function explainProblem(name: string, tool: ListedTool, before: readonly McpTool[]): string | null {
  if (tool.name === "") return "it has no name";
  if (!isObjectSchema(tool.inputSchema)) return "its schema is not that of an object";
  if (!isToolName(name)) return "its name is too long";
  if (before.some((other) => other.name === name)) return "another one has the same name";
  if (before.length >= MAX_MCP_TOOLS) return `more than ${MAX_MCP_TOOLS} tools`;
  if (JSON.stringify(tool.inputSchema).length > MAX_SCHEMA_CHARACTERS) return "its schema is too large";
  return null;
}

/** Many servers leave the type out where nothing else can be meant. */
function isObjectSchema(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return false;
  return !("type" in schema) || schema.type === "object";
}

function toMcpTool(name: string, tool: ListedTool): McpTool {
  const { readOnlyHint, idempotentHint } = tool.annotations ?? {};
  return {
    name,
    remoteName: tool.name,
    description: limitText(tool.description ?? tool.title ?? tool.name, MAX_DESCRIPTION_BYTES),
    inputSchema: JsonSchema.parse(tool.inputSchema),
    // The operator chose the server and so believes its word on this; on approval its word counts for nothing.
    isRepeatable: readOnlyHint === true || idempotentHint === true,
  };
}
