/** What a stand-in understands of a request, whatever the wire: the last question, what came before, what was offered. */
import type { BrokenAnswer } from "./broken-answer.ts";

export interface QuestionTool {
  readonly name: string;
  readonly schema: Record<string, unknown>;
}

export interface Question {
  readonly modelId: string;
  /** The last user's text; empty when the last message is a tool's result. What goes on with a broken answer is not looked at. */
  readonly text: string;
  /** A tool's result, when that is what has to be answered. */
  readonly toolResult: string | null;
  /** The answer to that which broke in the middle, when the request asks to go on with it. */
  readonly broken: BrokenAnswer | null;
  /** Characters of the whole prompt, and of what stands before the last message: a provider would have that cached. */
  readonly promptCharacters: number;
  readonly cachedCharacters: number;
  /** Images and other files that came with the question. */
  readonly attachments: number;
  readonly maxOutputTokens: number | null;
  /** The answer ends in front of the first of them. */
  readonly stopSequences: readonly string[];
  readonly tools: readonly QuestionTool[];
  /** A tool that has to be called: its name, or `any`. */
  readonly forcedTool: string | null;
  /** Set when JSON is asked for; an empty object where no schema was given. */
  readonly jsonSchema: Record<string, unknown> | null;
  readonly thinks: boolean;
}
