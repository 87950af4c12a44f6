/**
 * The events of a provider on this very wire, passed on as they came but for the names of the answer and of who gives it:
 * those are ours, so that they stay the same when somebody else goes on. Blocks are counted, so that somebody can.
 * Pure. Rules HT180, HT181.
 */
import { z } from "zod";
import type { AnswerNames } from "../door/wire-writer.ts";

const START = "event: message_start\ndata: ";
/** By line feeds alone: other ends of lines may stand in an answer's words. */
const BLOCK_START = /(?:^|\n)event: content_block_start\n/g;
const BLOCK_STOP = /(?:^|\n)event: content_block_stop\n/g;

const MessageStart = z.looseObject({ message: z.looseObject({}) });

export class NativeMessage {
  private begun = 0;
  private closed = 0;

  /** Blocks so far, the open one included. */
  get blocks(): number {
    return this.begun;
  }

  /** The last block can still grow. */
  get isOpen(): boolean {
    return this.begun > this.closed;
  }

  /** `text` is whole events as the adapter hands them out: a line with the name, one with the data, an empty one. */
  pass(text: string, names: AnswerNames): string {
    this.begun += countMatches(text, BLOCK_START);
    this.closed += countMatches(text, BLOCK_STOP);
    return rename(text, names);
  }
}

/** The message starts once, as a rule with the first event. */
function rename(text: string, names: AnswerNames): string {
  const at = text.startsWith(START) ? 0 : text.indexOf(`\n\n${START}`) + 2;
  if (!text.startsWith(START, at)) return text;
  const end = text.indexOf("\n\n", at);
  const start = MessageStart.safeParse(JSON.parse(text.slice(at + START.length, end)));
  if (!start.success) return text;
  const named = { ...start.data, message: { ...start.data.message, ...names } };
  return `${text.slice(0, at)}${START}${JSON.stringify(named)}${text.slice(end)}`;
}

function countMatches(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
