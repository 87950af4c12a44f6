/**
 * What the calls of an answer gave, in the question behind it: every call that was left to its caller has one output, and
 * nothing else has. Pure. Rule SE92.
 */
import { fail, succeed, type Result } from "../../base/result.ts";
import type { ClientMessage, StoredMessage } from "../../protocol/session-frame.ts";
import { isToolOutput, toLeftCalls, ToolOutputPart } from "../../protocol/tool-output.ts";

/** `answer` is the one that the question follows; null for none. The error is a sentence for the person who sent it. */
export function acceptToolOutputs(
  message: Pick<ClientMessage, "parts">,
  answer: Pick<StoredMessage, "parts" | "metadata"> | null,
): Result<ToolOutputPart[], string> {
  const parts: ToolOutputPart[] = [];
  for (const part of message.parts.filter(isToolOutput)) {
    const parsed = ToolOutputPart.safeParse(part);
    if (!parsed.success) return fail("An output in this message has no call, no name or no text.");
    parts.push(parsed.data);
  }
  // Nobody is made to answer calls: a person who types goes on without.
  if (parts.length === 0) return succeed([]);
  const names = new Map(
    (answer === null ? [] : toLeftCalls(answer)).map((call) => [call.toolCallId, call.toolName]),
  );
  const given = new Set<string>();
  for (const { data } of parts) {
    const { toolCallId } = data;
    if (names.get(toolCallId) !== data.toolName) return fail(`No call ${toolCallId} waits for an output.`);
    if (given.has(toolCallId)) return fail(`The call ${toolCallId} has two outputs.`);
    given.add(toolCallId);
  }
  const missing = [...names.keys()].find((id) => !given.has(id));
  return missing === undefined
    ? succeed(parts)
    : fail(`The call ${missing} has no output: give one for each call.`);
}
