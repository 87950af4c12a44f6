/**
 * The tools of the simulated chat, and the book of what was done by them: one that may be called again, one that may not,
 * and one that may not and wants a person's word.
 */
import { z } from "zod";
import type { Clock } from "../../../src/base/clock.ts";
import type { Random } from "../../../src/base/random.ts";
import { fail, succeed } from "../../../src/base/result.ts";
import type { ServerTool } from "../../../src/tools/tool.ts";
import { between } from "./chance.ts";
import { TOOL_NAMES, type ToolName } from "./sim-text.ts";

/** One line in the book of the world that tools act on. */
export interface ToolRun {
  readonly tool: ToolName;
  readonly toolCallId: string;
  readonly life: number;
}

const Input = z.object({ id: z.string() });

export const isRepeatable = (tool: ToolName): boolean => tool === "search";
export const wantsWord = (tool: ToolName): boolean => tool === "send";

/** As one life of the object has them: its clock dies with it, the book does not. */
export function toSimTools(clock: Clock, life: number, random: Random, book: ToolRun[]): ServerTool[] {
  return TOOL_NAMES.map((name) => ({
    name,
    description: `Simulated: ${name}.`,
    inputSchema: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
    needsApproval: wantsWord(name),
    isRepeatable: isRepeatable(name),
    run: async (input, { signal }) => {
      const { id } = Input.parse(input);
      const fails = random() < 0.1;
      // What it does is done at once; that it is done is told later, or never.
      book.push({ tool: name, toolCallId: id, life });
      await clock.sleep(between(random, 1, 4_000), signal);
      return fails ? fail("It could not be done.") : succeed(`${name} of ${id} is done`);
    },
  }));
}
