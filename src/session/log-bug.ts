/** A fault of ours in a chat, as a line for the operator, without what was bound to a statement: that is people's words. Rules SE111, SE266. */
import { describeError, describeStack } from "../auth/store/describe-error.ts";
import type { Log } from "../base/log.ts";

export function logBug(log: Log, requestId: string, error: unknown): void {
  log.write("error", "internal_error", {
    request_id: requestId,
    error: describeError(error),
    stack: describeStack(error),
  });
}
