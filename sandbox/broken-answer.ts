/**
 * Tells whether a request asks to go on with an answer that broke in the middle, and takes that answer off the end of
 * its messages. How each stand-in goes on: continue-answer.ts. Pure.
 */
import type { JsonObject } from "./provider-wire.ts";

export interface BrokenAnswer {
  /** The request ends with the partial answer, or with a user's message that asks to go on with it. */
  readonly wish: "prefill" | "instruction";
  readonly partial: string;
  /** The words that an instruction asks to be repeated. */
  readonly tail: string;
  /** DeepSeek goes on with a last message only where it is marked as a prefix. */
  readonly isMarkedPrefix: boolean;
}

interface MessageReader {
  readonly assistantRole: string;
  readonly textOf: (message: JsonObject) => string;
}

const INSTRUCTION = "Your last message was cut off";
const TAIL = /<cut-off-end>([\s\S]*?)<\/cut-off-end>/;

/** `asked` are the messages as they stood when the broken answer was begun. */
export function splitBrokenAnswer(
  messages: readonly JsonObject[],
  { assistantRole, textOf }: MessageReader,
): { readonly asked: readonly JsonObject[]; readonly broken: BrokenAnswer | null } {
  const last = messages.at(-1);
  const before = messages.at(-2);
  if (last?.["role"] === assistantRole) {
    const isMarkedPrefix = last["prefix"] === true;
    const broken = { wish: "prefill", partial: textOf(last), tail: "", isMarkedPrefix } as const;
    return { asked: messages.slice(0, -1), broken };
  }
  if (last?.["role"] === "user" && before?.["role"] === assistantRole) {
    const text = textOf(last);
    if (text.startsWith(INSTRUCTION)) {
      const tail = TAIL.exec(text)?.[1] ?? "";
      const broken = { wish: "instruction", partial: textOf(before), tail, isMarkedPrefix: false } as const;
      return { asked: messages.slice(0, -2), broken };
    }
  }
  return { asked: messages, broken: null };
}
