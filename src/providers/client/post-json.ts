/** One request whose whole answer is a JSON object, with its bytes counted and every failure classified. Rules PR100, PR101, PR103. */
import { fail, succeed, type Result } from "../../base/result.ts";
import { toThrownMessage } from "../failure-message.ts";
import type { ProviderFailure, ProviderFailureKind } from "../failure.ts";
import { toWellFormedJson } from "../well-formed-json.ts";
import {
  classifyRefusal,
  toCancelledFailure,
  toSecrets,
  toUnreachableFailure,
  type ConnectionOptions,
} from "./fetch-function.ts";
import { readWholeBody } from "./whole-body.ts";

export interface JsonPost {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
  readonly maxBytes: number;
}

/** Never rejects. */
export async function postJson(
  connection: ConnectionOptions,
  post: JsonPost,
  signal: AbortSignal,
): Promise<Result<unknown, ProviderFailure>> {
  let response: Response;
  try {
    response = await connection.fetch(`${connection.baseUrl}${post.path}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json", ...post.headers },
      body: toWellFormedJson(JSON.stringify(post.body)),
      // A redirect to another host would take the texts along.
      redirect: "manual",
      signal,
    });
  } catch (error) {
    const failure = toUnreachableFailure(error, toSecrets(connection));
    return fail(signal.aborted ? toCancelledFailure("connect", null) : failure);
  }
  if (!response.ok) {
    const failure = await classifyRefusal(response, connection);
    return fail(signal.aborted ? toCancelledFailure("connect", response.status) : failure);
  }
  try {
    const bytes = await readWholeBody(response, post.maxBytes);
    if (bytes === null) return fail(toFailure("bad-request", "the answer to so much is too large"));
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return succeed(json);
  } catch (error) {
    if (signal.aborted) return fail(toCancelledFailure("first-token", response.status));
    // The parser's own message quotes what it was given.
    if (error instanceof SyntaxError) return fail(toFailure("malformed", "the answer is no JSON"));
    return fail(toFailure("stream-reset", toThrownMessage(error, toSecrets(connection))));
  }
}

/** Of an answer with a good status. */
export function toFailure(kind: ProviderFailureKind, message: string): ProviderFailure {
  return { kind, phase: "first-token", status: 200, retryAfterMs: null, message };
}
