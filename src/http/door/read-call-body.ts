/**
 * The JSON body of a model call, parsed. What is wrong with it is said by name, since a client believes that whatever
 * was not refused took effect. The wire's own folder puts the mistake into its error object.
 */
import type { z } from "zod";
import { parseJson } from "../../base/parse-json.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import type { AppContext } from "../app-env.ts";
import { readJsonText } from "../body.ts";
import { refuse } from "../respond.ts";
import type { CallMistake } from "./wire-writer.ts";

/** A failure is the answer to give; `refuseCall` writes it for a body of another shape. */
export async function readCallBody<Shape extends z.ZodType>(
  context: AppContext,
  shape: Shape,
  limitBytes: number,
  refuseCall: (mistake: CallMistake) => Response,
): Promise<Result<z.output<Shape>, Response>> {
  const text = await readJsonText(context, limitBytes);
  if (!text.ok) return text;
  const body = parseJson(text.value);
  if (!body.ok) return fail(refuse(context, "invalid-request", "The body is not valid JSON."));
  const parsed = parseCall(shape, body.value);
  return parsed.ok ? parsed : fail(refuseCall(parsed.error));
}

/**
 * A field of the call itself that is null was left out: clients whose language has no other word for it write all that they
 * know of so, also what is not known here. Rule HT351.
 */
export function parseCall<Shape extends z.ZodType>(
  shape: Shape,
  body: unknown,
): Result<z.output<Shape>, CallMistake> {
  const said =
    typeof body === "object" && body !== null && !Array.isArray(body)
      ? Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
      : body;
  const parsed = shape.safeParse(said);
  return parsed.success ? succeed(parsed.data) : fail(toBodyMistake(parsed.error));
}

/** The first mistake of a body, by its place. */
export function toBodyMistake({ issues: [issue] }: z.core.$ZodError): CallMistake {
  return issue === undefined ? toCallMistake("", "is not valid") : toMistake(issue, []);
}

/** A mistake in one field; the sentence begins with its name. */
export function toCallMistake(param: string, complaint: string): CallMistake {
  return {
    code: "invalid-request",
    param,
    message: `${param === "" ? "The body" : param}: ${complaint}.`,
  };
}

function toMistake(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): CallMistake {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const name = [...path, issue.keys[0] ?? ""].map(String).join(".");
    return toCallMistake(name, "is not known here and would have no effect; leave it out");
  }
  const nearest = issue.code === "invalid_union" ? findNearest(issue.errors) : undefined;
  if (nearest !== undefined) return toMistake(nearest, path);
  // One that is told apart by a field has no branches to speak for it, and says itself what it knows.
  if (issue.code === "invalid_union" && issue.errors.length > 0)
    return toCallMistake(path.map(String).join("."), toTaken(issue.errors));
  return toCallMistake(path.map(String).join("."), issue.message);
}

/** Of the shapes that were tried, the mistake in the one that fitted furthest: the caller meant that one. */
function findNearest(branches: readonly (readonly z.core.$ZodIssue[])[]): z.core.$ZodIssue | undefined {
  return branches
    .flatMap((issues) => issues.slice(0, 1))
    .filter((issue) => issue.path.length > 0)
    .toSorted((left, right) => toDepth(right) - toDepth(left))[0];
}

/** Rule HT324. */
function toTaken(branches: readonly (readonly z.core.$ZodIssue[])[]): string {
  const issues = branches.flatMap((each) => each.slice(0, 1));
  // Of the right type, and wrong all the same: too long, say.
  const near = issues.find(({ code }) => code !== "invalid_type" && code !== "invalid_value");
  return near?.message ?? [...new Set(issues.map(({ message }) => message))].join("; or ");
}

function toDepth(issue: z.core.$ZodIssue): number {
  const nested = issue.code === "invalid_union" ? findNearest(issue.errors) : undefined;
  return issue.path.length + (nested === undefined ? 0 : toDepth(nested));
}
