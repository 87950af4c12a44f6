/** Whether a call's arguments fit the tool's schema. An interpreter: Workers compile no code from strings. Rule TL11. */
import { Validator, type Schema } from "@cfworker/json-schema";
import { z } from "zod";
import type { ServerTool } from "./tool.ts";

/** More of them help no model. */
const MAX_ISSUES = 5;
const MAX_ISSUE_CHARACTERS = 300;

/** Keywords whose errors only repeat that something inside is wrong. */
const CONTAINERS = new Set(["properties", "items", "prefixItems", "allOf", "$ref"]);

const AnySchema = z.custom<Schema>((value) => typeof value === "object" && value !== null);

type Checked = Pick<ServerTool, "name" | "inputSchema">;

/** Null when they fit, else a sentence for the model. */
export function explainBadInput(tool: Checked, input: unknown): string | null {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return `The arguments of ${tool.name} must be a JSON object.`;
  }
  const issues = listIssues(tool, input);
  return issues === null
    ? null
    : `The arguments of ${tool.name} do not fit its schema. ${issues.join(" ")}`.trim();
}

/** Null when there are none. */
function listIssues({ inputSchema }: Checked, input: object): string[] | null {
  try {
    // MCP means 2020-12 where a schema names no draft.
    const draft = inputSchema.$schema?.includes("draft-07") === true ? "7" : "2020-12";
    const { valid, errors } = new Validator(AnySchema.parse(inputSchema), draft, false).validate(input);
    if (valid) return null;
    return errors
      .filter(({ keyword }) => !CONTAINERS.has(keyword) && keyword !== "false")
      .slice(0, MAX_ISSUES)
      .map(({ instanceLocation, error }) => {
        const place = instanceLocation === "#" ? "" : `${instanceLocation.slice(2)}: `;
        return `${place}${error}`.slice(0, MAX_ISSUE_CHARACTERS);
      });
  } catch {
    // A server's schema that cannot be read (a reference to nowhere, a bad pattern): the server checks for itself.
    return null;
  }
}
