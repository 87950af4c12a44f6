/** What a tool is to the rest: something a model may call by name, and that gives a value or a sentence. */
import type { JSONSchema7 } from "@ai-sdk/provider";
import type { Result } from "../base/result.ts";

export interface ToolContext {
  /** Aborts when the answer is stopped and when the call takes too long. */
  readonly signal: AbortSignal;
  readonly nowMs: number;
}

export interface ServerTool {
  readonly name: string;
  /** For the model: when to call it, and what comes back. */
  readonly description: string;
  readonly inputSchema: JSONSchema7;
  /** A person is asked before each call. */
  readonly needsApproval: boolean;
  /** May be run again when a crash leaves it open whether it ran. */
  readonly isRepeatable: boolean;
  /** An error is a sentence for the model. The input fits the schema. */
  run(input: unknown, context: ToolContext): Promise<Result<unknown, string>>;
}

/**
 * Put behind the reason where a call was begun, its end is not known, and it must not happen twice: a model that is
 * told of a failure alone makes the call again. Rule TL35.
 */
export const MAY_HAVE_RUN =
  "It is not known whether it did its work: do not simply call it again. Find out first, or tell the user.";

/** Something an operator should see: a tool that threw, a server that is down. Without secrets, and without inputs. */
export interface ToolFault {
  readonly subject: "tool" | "server";
  readonly name: string;
  readonly error: string;
}

export type NoteToolFault = (fault: ToolFault) => void;
