/**
 * Runs the tool calls of a step side by side and tells what becomes of each: the word of a person where one is needed,
 * then a result, an error or a no. Never rejects. Pure over its deps. Rules TL10 to TL17, TL35, TL36.
 */
import type { Clock } from "../base/clock.ts";
import { fail, succeed, type Result } from "../base/result.ts";
import { CALL_STOPPED, type ToolPart } from "../protocol/answer-parts.ts";
import type { AnswerChunk } from "../protocol/answer-chunk.ts";
import { toFailureMessage } from "../providers/failure-message.ts";
import { explainBadInput } from "./check-input.ts";
import { limitText, MAX_OUTPUT_BYTES } from "./limit-text.ts";
import type { ToolRegistry } from "./registry.ts";
import { MAY_HAVE_RUN, type NoteToolFault, type ServerTool } from "./tool.ts";

export const CALL_LIMIT_MS = 30_000;

export interface RunToolCallsDeps {
  readonly registry: ToolRegistry;
  readonly tell: (chunks: readonly AnswerChunk[]) => void;
  /** Stores what was told. Called before a call that must not happen twice: a crash must find that it may have. */
  readonly store: () => void;
  /** False when nobody answers in time and when the answer is stopped. */
  readonly waitForApproval: (approvalId: string) => Promise<boolean>;
  readonly newApprovalId: () => string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The ids of calls that a crash found open: whether they ran is not known. Empty in a turn's first life. */
  readonly openBeforeCrash: ReadonlySet<string>;
  readonly noteFault: NoteToolFault;
}

const UNKNOWN_WHETHER_RUN =
  "The server was interrupted during this call, and it is not known whether the tool ran. Do not simply call it " +
  "again: find out first, or tell the user.";

/** `calls` are the step's parts without a result. */
export async function runToolCalls(deps: RunToolCallsDeps, calls: readonly ToolPart[]): Promise<void> {
  await Promise.all(calls.map((call) => runCall(deps, call)));
}

async function runCall(deps: RunToolCallsDeps, call: ToolPart): Promise<void> {
  try {
    const chunk = await toLastChunk(deps, call);
    deps.tell([chunk]);
  } catch (error) {
    // A bug of ours, or of whoever gives the word. The other calls of the step go on.
    noteThrown(deps, call.toolName, error);
    deps.tell([toErrorChunk(call, `The tool ${call.toolName} could not be called.`)]);
  }
}

async function toLastChunk(deps: RunToolCallsDeps, call: ToolPart): Promise<AnswerChunk> {
  const tool = deps.registry.find(call.toolName);
  if (tool === null) return toErrorChunk(call, explainMissing(deps, call));
  if (deps.signal.aborted) return toErrorChunk(call, CALL_STOPPED);
  const problem = explainBadInput(tool, call.input);
  if (problem !== null) return toErrorChunk(call, problem);
  const word = await toWord(deps, tool, call);
  if (deps.signal.aborted) return toErrorChunk(call, CALL_STOPPED);
  if (!word) return { type: "tool-output-denied", toolCallId: call.toolCallId };
  if (mayHaveRun(deps, tool, call)) return toErrorChunk(call, UNKNOWN_WHETHER_RUN);
  if (!tool.isRepeatable) deps.store();
  const result = await runWithin(deps, tool, call.input);
  if (!result.ok) return toErrorChunk(call, result.error);
  return { type: "tool-output-available", toolCallId: call.toolCallId, output: result.value, dynamic: true };
}

/** Whether the call may be made. What was asked before a crash is asked again under the same id, so one word is enough. */
async function toWord(deps: RunToolCallsDeps, tool: ServerTool, call: ToolPart): Promise<boolean> {
  if (call.state === "approval-responded") return call.approval?.approved === true;
  const asked = call.state === "approval-requested" ? call.approval?.id : undefined;
  if (asked === undefined && !tool.needsApproval) return true;
  const approvalId = asked ?? deps.newApprovalId();
  if (asked === undefined) {
    deps.tell([{ type: "tool-approval-request", approvalId, toolCallId: call.toolCallId }]);
  }
  const approved = await deps.waitForApproval(approvalId);
  // A stop is not a person's no.
  if (!deps.signal.aborted) deps.tell([{ type: "tool-approval-response", approvalId, approved }]);
  return approved;
}

/** A call that still waited for its word cannot have run: the word is stored before such a tool runs. */
function mayHaveRun(deps: RunToolCallsDeps, tool: ServerTool, call: ToolPart): boolean {
  if (tool.isRepeatable || !deps.openBeforeCrash.has(call.toolCallId)) return false;
  return call.state === "approval-responded" || (call.state === "input-available" && !tool.needsApproval);
}

/** Ends at the time limit and at a stop, even when the tool does not listen. */
async function runWithin(
  deps: RunToolCallsDeps,
  tool: ServerTool,
  input: unknown,
): Promise<Result<unknown, string>> {
  const controller = new AbortController();
  const over = Promise.withResolvers<Result<never, string>>();
  const end = (reason: string): void => {
    over.resolve(fail(withDoubt(tool, reason)));
    // Without a reason of ours: the tool may be in the middle of a fetch (HT281).
    controller.abort();
  };
  const cancelTimer = deps.clock.startTimer(CALL_LIMIT_MS, () =>
    end(`The tool took longer than ${CALL_LIMIT_MS / 1_000} seconds and was stopped.`),
  );
  const stop = (): void => end(CALL_STOPPED);
  deps.signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([over.promise, runTool(deps, tool, input, controller.signal)]);
  } finally {
    cancelTimer();
    deps.signal.removeEventListener("abort", stop);
  }
}

async function runTool(
  deps: RunToolCallsDeps,
  tool: ServerTool,
  input: unknown,
  signal: AbortSignal,
): Promise<Result<unknown, string>> {
  try {
    const result = await tool.run(input, { signal, nowMs: deps.clock.nowMs() });
    return result.ok ? succeed(toOutput(result.value)) : fail(limitText(result.error));
  } catch (error) {
    if (!signal.aborted) noteThrown(deps, tool.name, error);
    return fail(withDoubt(tool, `The tool ${tool.name} failed.`));
  }
}

function withDoubt({ isRepeatable }: ServerTool, reason: string): string {
  return isRepeatable ? reason : `${reason} ${MAY_HAVE_RUN}`;
}

/** As it will be stored and sent: plain JSON, a text where that would be too large. Throws for what JSON cannot say. */
function toOutput(value: unknown): unknown {
  if (typeof value === "string") return limitText(value);
  const json = JSON.stringify(value ?? null);
  const limited = limitText(json, MAX_OUTPUT_BYTES);
  return limited === json ? JSON.parse(json) : limited;
}

/** After a crash a server may be away, and its tool with it: that says nothing of whether the call was made. */
function explainMissing({ registry, openBeforeCrash }: RunToolCallsDeps, call: ToolPart): string {
  const wasLet = call.state === "input-available" || call.approval?.approved === true;
  if (openBeforeCrash.has(call.toolCallId) && wasLet) return UNKNOWN_WHETHER_RUN;
  return explainUnknown(registry, call.toolName);
}

function explainUnknown(registry: ToolRegistry, name: string): string {
  const names = registry.tools.map((tool) => tool.name).join(", ");
  const known = names === "" ? "There are none at present." : `There are: ${names}.`;
  return `There is no tool ${JSON.stringify(name.slice(0, 64))}. ${known}`;
}

function toErrorChunk(call: ToolPart, errorText: string): AnswerChunk {
  return { type: "tool-output-error", toolCallId: call.toolCallId, errorText, dynamic: true };
}

function noteThrown(deps: RunToolCallsDeps, name: string, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  deps.noteFault({ subject: "tool", name, error: toFailureMessage(text) });
}
