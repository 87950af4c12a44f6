/** What a stand-in understands of a request, whatever the wire: the last question, what came before, what was offered. */

export interface QuestionTool {
  readonly name: string;
  readonly schema: Record<string, unknown>;
}

export interface Question {
  readonly modelId: string;
  /** The last user's text; empty when the last message is a tool's result. */
  readonly text: string;
  /** A tool's result, when that is what the request ends with. */
  readonly toolResult: string | null;
  /** Characters of the whole prompt, and of what stands before the last message: a provider would have that cached. */
  readonly promptCharacters: number;
  readonly cachedCharacters: number;
  /** Images and other files in the last message. */
  readonly attachments: number;
  readonly maxOutputTokens: number | null;
  readonly tools: readonly QuestionTool[];
  /** A tool that has to be called: its name, or `any`. */
  readonly forcedTool: string | null;
  /** Set when JSON is asked for; an empty object where no schema was given. */
  readonly jsonSchema: Record<string, unknown> | null;
  readonly thinks: boolean;
}
