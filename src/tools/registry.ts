/** The tools that a chat's models may call, by name. Open: whoever puts it together hands in any list. Rules TL1, TL2. */
import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import { fail, succeed, type Result } from "../base/result.ts";
import { toToldSchema } from "./to-told-schema.ts";
import type { ServerTool } from "./tool.ts";

/** What every provider takes as the name of a function. */
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

export function isToolName(name: string): boolean {
  return TOOL_NAME.test(name);
}

export interface ToolRegistry {
  readonly tools: readonly ServerTool[];
  find(name: string): ServerTool | null;
  /** As models are told of them, in the order of the list: a prompt that is the same every time can be cached. */
  readonly definitions: readonly LanguageModelV4FunctionTool[];
}

/** Refuses a name that no provider takes, and one that is there twice: the model's choice would be ours to guess. */
export function createToolRegistry(tools: readonly ServerTool[]): Result<ToolRegistry, string> {
  const byName = new Map<string, ServerTool>();
  for (const tool of tools) {
    if (!isToolName(tool.name)) {
      return fail(
        `The tool name ${JSON.stringify(tool.name)} is not made of 1 to 64 letters, digits, _ and -.`,
      );
    }
    if (byName.has(tool.name)) return fail(`There are two tools with the name ${tool.name}.`);
    byName.set(tool.name, tool);
  }
  return succeed({
    tools,
    find: (name) => byName.get(name) ?? null,
    definitions: tools.map(({ name, description, inputSchema }) => ({
      type: "function",
      name,
      description,
      inputSchema: toToldSchema(inputSchema),
    })),
  });
}
