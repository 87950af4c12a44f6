/**
 * Holds what is asked over a chat's socket against its organization's calls of a minute, as the Worker does with what is
 * asked over HTTP (src/http/middleware/limit-calls.ts). Rule HT360.
 */
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { CallBudget } from "../../routing/budgets/call-budget.ts";
import type { ChatSocket } from "../turn/live-turn.ts";
import { refuse } from "../frames/send-frame.ts";
import type { SessionStore } from "../store/session-store.ts";

export interface QuestionLimitDeps {
  /** Null: no limit. */
  readonly callBudget: CallBudget | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<SessionStore, "readSession">;
}

/** False, and the socket is told so, where the question is one too many. */
export function isWithinLimit(
  { callBudget, clock, log, store }: QuestionLimitDeps,
  socket: ChatSocket,
  requestId: string,
): boolean {
  const session = store.readSession();
  if (callBudget === null || session === null) return true;
  const { granted, retryAfterMs } = callBudget.take(session.organizationId, clock.nowMs());
  if (granted) return true;
  const path = `/api/v1/sessions/${session.sessionId}/socket`;
  log.write("warn", "rate_limit_exceeded", { request_id: requestId, path });
  const seconds = Math.ceil(retryAfterMs / 1_000);
  const errorText = `This organization may ask ${callBudget.limit} questions a minute. Ask again in ${seconds} s.`;
  refuse(socket, requestId, errorText);
  return false;
}
