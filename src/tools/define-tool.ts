/** A tool of our own from a zod shape: the schema that models are told and the parsing of what they send are one. */
import type { JSONSchema7 } from "@ai-sdk/provider";
import { z } from "zod";
import { fail, type Result } from "../base/result.ts";
import type { ServerTool, ToolContext } from "./tool.ts";

export interface ToolDefinition<Shape extends z.ZodObject> extends Omit<ServerTool, "inputSchema" | "run"> {
  readonly input: Shape;
  readonly run: (input: z.output<Shape>, context: ToolContext) => Result<unknown, string>;
}

/** The form is guaranteed by whoever made the schema: zod here, a server of the operator's choice elsewhere. */
export const JsonSchema = z.custom<JSONSchema7>((value) => typeof value === "object" && value !== null);

export function defineTool<Shape extends z.ZodObject>({
  input,
  run,
  ...rest
}: ToolDefinition<Shape>): ServerTool {
  return {
    ...rest,
    inputSchema: JsonSchema.parse(z.toJSONSchema(input, { target: "draft-7", io: "input" })),
    run: async (value, context) => {
      const parsed = input.safeParse(value);
      return parsed.success ? run(parsed.data, context) : fail(explainIssues(parsed.error));
    },
  };
}

function explainIssues(error: z.ZodError): string {
  const issues = error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  return `The arguments do not fit. ${issues.join("; ")}.`;
}
