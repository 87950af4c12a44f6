/**
 * The body of `POST /v1/chat/completions`, parsed. A refusal names the field, in the sentence and in `param`, since
 * a client believes that whatever was not refused took effect. Rule HT41.
 */
import type { z } from "zod";
import { fail, succeed, type Result } from "../../base/result.ts";
import { ChatCompletionRequest, type OpenAiError } from "../../protocol/openai.ts";
import type { AppContext } from "../app-env.ts";
import { readJsonText } from "../body.ts";
import { refuse } from "../respond.ts";

/** A failure is the answer to give. */
export async function readCompletionRequest(
  context: AppContext,
  limitBytes: number,
): Promise<Result<ChatCompletionRequest, Response>> {
  const text = await readJsonText(context, limitBytes);
  if (!text.ok) return text;
  let body: unknown;
  try {
    body = JSON.parse(text.value);
  } catch {
    return fail(refuse(context, "invalid-request", "The body is not valid JSON."));
  }
  const parsed = ChatCompletionRequest.safeParse(body);
  if (parsed.success) return succeed(parsed.data);
  const [issue] = parsed.error.issues;
  const error = issue === undefined ? toError("", "is not valid") : toMistake(issue);
  return fail(context.json({ error }, 400));
}

function toMistake(issue: z.core.$ZodIssue): OpenAiError {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return toError(
      [...path, issue.keys[0] ?? ""].join("."),
      "is not known here and would have no effect; leave it out",
    );
  }
  return toError(path.join("."), issue.message);
}

function toError(param: string, complaint: string): OpenAiError {
  const message = `${param === "" ? "The body" : param}: ${complaint}.`;
  return {
    message,
    type: "invalid_request_error",
    param: param === "" ? null : param,
    code: "invalid_request",
  };
}
