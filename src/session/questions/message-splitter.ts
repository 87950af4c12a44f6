/**
 * A JSON body that is read message by message: of a client's copy of a chat only the newest message is needed whole, and
 * all of them may be larger than an isolate's memory. It takes `messages` at the top apart while the bytes come, and
 * knows nothing else of what they mean. Pure. Rule HT280.
 */
import { parseJson } from "../../base/parse-json.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import { isObject } from "../../providers/is-object.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

const FIELD = "messages";

export interface SplitterOptions {
  /** Of what has to be kept, and of a single message. */
  readonly limitBytes: number;
  /** Of those behind one more nothing is kept. */
  readonly maxMessages: number;
  /** What is kept of a message that another one follows. */
  readonly toEarlier: (message: unknown) => object;
}

export class MessageSplitter {
  private readonly options: SplitterOptions;
  /** The body with a number in the place of each message. */
  private readonly rest = new Bytes();
  /** The message that is being read. */
  private message = new Bytes();
  private readonly messages: unknown[] = [];
  private earlierLength = 0;
  private depth = 0;
  private isInMessages = false;
  private isFirst = true;
  private isInString = false;
  /** The next byte of the string stands behind a backslash. */
  private isEscaped = false;
  /** The last string at the top: the name of the field that comes. */
  private name = "";
  private isBroken = false;
  /** The most that was kept at a time. */
  private mostBytes = 0;

  constructor(options: SplitterOptions) {
    this.options = options;
  }

  /** False when it is too large. */
  push(piece: Uint8Array): boolean {
    let from = 0;
    for (let at = 0; at < piece.length; at += 1) {
      if (this.isInString) {
        at = this.passString(piece, at);
        continue;
      }
      const byte = piece[at];
      if (byte === QUOTE) {
        this.isInString = true;
        if (this.depth === 1) this.name = "";
      } else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
        this.depth += 1;
        if (this.depth !== 2 || byte !== OPENING_BRACKET || this.name !== FIELD) continue;
        this.rest.add(piece.subarray(from, at + 1));
        from = at + 1;
        this.isInMessages = true;
        this.isFirst = true;
      } else if (byte === COMMA || byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
        if (this.isInMessages && this.depth === 2) {
          this.message.add(piece.subarray(from, at));
          this.endMessage(byte !== COMMA);
          from = at + 1;
          // It stands behind the message's number.
          if (byte !== COMMA || !this.isFull) this.rest.add(piece.subarray(at, from));
        }
        if (byte !== COMMA) this.depth -= 1;
      }
    }
    (this.isInMessages ? this.message : this.rest).add(piece.subarray(from));
    this.note(this.rest.length + this.message.length + this.earlierLength);
    return this.mostBytes <= this.options.limitBytes;
  }

  /** The body: whole but for its earlier messages. */
  finish(): Result<unknown, "not-json"> {
    const body = parseJson(this.rest.toText());
    if (this.isBroken || !body.ok) return fail("not-json");
    if (!isObject(body.value) || !Array.isArray(body.value[FIELD])) return body;
    const numbers: unknown[] = body.value[FIELD];
    const messages = numbers.map((index) => (typeof index === "number" ? this.messages[index] : index));
    return succeed({ ...body.value, [FIELD]: messages });
  }

  /** The place of the quote that ends the string, or the end of the piece. */
  private passString(piece: Uint8Array, from: number): number {
    // The byte that the last piece's backslash takes away.
    const start = this.isEscaped ? from + 1 : from;
    this.isEscaped = false;
    let end = piece.indexOf(QUOTE, start);
    while (end !== -1 && isBehindBackslash(piece, start, end)) end = piece.indexOf(QUOTE, end + 1);
    if (end === -1) this.isEscaped = isBehindBackslash(piece, start, piece.length);
    else this.isInString = false;
    const stop = end === -1 ? piece.length : end;
    // One byte more than the name that is looked for tells it from all others.
    if (this.depth === 1 && this.name.length <= FIELD.length) {
      this.name += String.fromCharCode(...piece.subarray(from, Math.min(stop, from + FIELD.length + 1)));
    }
    return stop;
  }

  private note(bytes: number): void {
    this.mostBytes = Math.max(this.mostBytes, bytes);
  }

  private endMessage(isLast: boolean): void {
    this.note(this.message.length);
    const text = this.message.toText();
    this.message = new Bytes();
    const isEmptyList = isLast && this.isFirst && text.trim() === "";
    if (!isEmptyList) this.keep(text);
    this.isFirst = false;
    this.isInMessages = !isLast;
  }

  private get isFull(): boolean {
    return this.messages.length > this.options.maxMessages;
  }

  private keep(text: string): void {
    if (this.isFull) return;
    const message = parseJson(text);
    if (!message.ok) {
      this.isBroken = true;
      return;
    }
    const index = this.messages.length;
    if (index > 0) {
      const earlier = this.options.toEarlier(this.messages[index - 1]);
      this.messages[index - 1] = earlier;
      this.earlierLength += JSON.stringify(earlier).length;
    }
    this.messages.push(message.value);
    this.rest.add(new TextEncoder().encode(String(index)));
  }
}

/** An odd number of backslashes stands before `at`. */
function isBehindBackslash(piece: Uint8Array, start: number, at: number): boolean {
  let first = at;
  while (first > start && piece[first - 1] === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

/** Pieces that become a text when all are there: a character may lie across two of them. */
class Bytes {
  length = 0;
  private readonly pieces: Uint8Array[] = [];

  /** The piece is copied: its memory may be a much larger one's, or its reader's. */
  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.length += piece.length;
    this.pieces.push(piece.slice());
  }

  toText(): string {
    const decoder = new TextDecoder();
    return this.pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
  }
}
