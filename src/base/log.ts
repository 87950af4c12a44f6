/**
 * The log's interface and its closed list of events. One event a line, JSON; names and fields are the ones that
 * operators of the systems Breakwater replaces already query; docs/runbook.md says what to do about them.
 */
export type LogLevel = "info" | "warn" | "error";

export interface LogEvents {
  provider_skipped: { request_id: string; provider: string; model: string; reason: string };
  provider_success: {
    request_id: string;
    provider: string;
    model: string;
    latency_ms: number;
    tokens: number | null;
    cost_usd: number | null;
  };
  provider_failure: {
    request_id: string;
    provider: string;
    model: string;
    latency_ms: number;
    error: string;
    will_retry: boolean;
  };
  all_providers_failed: {
    request_id: string;
    model_class: string;
    total_candidates: number;
    provider_errors: readonly { provider: string; model: string; error: string }[];
  };
  circuit_transition: {
    provider: string;
    from: string;
    to: string;
    reason: string;
    failure_count: number;
  };
  circuit_reset: { provider: string };
  /** A person has to look: a key or a bill, which no probe will mend. */
  circuit_alert: { provider: string; model: string | null; reason: string };
  selection_log_failed: { request_id: string; error: string };
  auth_failed: { request_id: string; path: string; reason: string };
  rate_limit_exceeded: { request_id: string; path: string };
  /** What better-auth has to say, without its arguments, which hold addresses. */
  auth_message: { message: string };
  request_too_large: { request_id: string; path: string; limit_bytes: number };
  /** D1 or an object could not be asked: whoever came was told to try again. */
  dependency_away: { request_id: string; error: string };
  internal_error: { request_id: string; error: string; stack: string | null };
  request_completed: {
    request_id: string;
    method: string;
    path: string;
    status: number;
    duration_ms: number;
    user_id: string | null;
    org_id: string | null;
  };
  /** An answer that was kept is given again: nobody was called, and there is no selection. */
  cache_hit: {
    request_id: string;
    org_id: string;
    selection_id: string;
    age_seconds: number;
    saved_micro_usd: number | null;
  };
  turn_ended: {
    request_id: string;
    session_id: string;
    turn_id: string;
    status: string;
    duration_ms: number;
  };
  /** A turn whose object was lost goes on in its next life. */
  turn_recovered: { request_id: string; turn_id: string; generation: number; stored_chunks: number };
  /** A tool threw, or an MCP server is down: its tools are absent, the answer goes on. */
  tool_failed: { subject: "tool" | "server"; name: string; error: string };
  /** Of what the tools of a running answer gave, so many outputs are told to the model cut: it takes no more. */
  tool_outputs_cut: { request_id: string; cut: number };
  /** The asked models have no room for these tools beside all else. */
  tools_left_out: { request_id: string; tools: string };
  alarm_failed: { object: string; alarm: string; error: string };
  background_failed: { task: string; error: string };
}

export type LogEventName = keyof LogEvents;

export interface Log {
  write<Name extends LogEventName>(level: LogLevel, event: Name, fields: LogEvents[Name]): void;
}
