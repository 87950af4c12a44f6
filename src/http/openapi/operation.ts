/**
 * How a route is described: what every entry of operations/ is made of. Who may call it is not said here, since the
 * access table (src/auth/access.ts) says it; nor are the refusals that follow from it (refusals.ts). Rules HT160 to HT163.
 */
import type { z } from "zod";
import type { AccessRule } from "../../auth/access.ts";
import type { ResponseHeaderName } from "./headers.ts";

export const TAGS = {
  "Model calls": "Ask a model over plain HTTP, on the wires that existing clients speak.",
  Models: "What can be asked for.",
  Chats: "Chats that are kept, each in an object of its own, and their live sockets.",
  "Files and links": "What enters and leaves a chat: attachments, exports, read-only links.",
  Insight: "Who answered, why, how long it took and what it cost.",
  Account: "The signed-in person and the API keys.",
  Console: "For admins: circuits, their policies and the stand-ins of a sandbox.",
  Service: "Health, and this document.",
} as const;
export type Tag = keyof typeof TAGS;

export interface Example {
  readonly summary: string;
  readonly value: unknown;
}

export interface MediaDoc {
  /** Of JSON; of an event stream: what the data of each event is. */
  readonly shape?: z.ZodType;
  /** What is not JSON, in a word. */
  readonly format?: "text" | "binary";
  readonly examples?: Readonly<Record<string, Example>>;
}

export interface BodyDoc {
  /** False where a request without a body means `{}`. */
  readonly required: boolean;
  readonly description?: string;
  readonly content: Readonly<Record<string, MediaDoc>>;
}

export interface AnswerDoc {
  readonly description: string;
  readonly content?: Readonly<Record<string, MediaDoc>>;
  /** Beside `x-request-id`, which every answer has. */
  readonly headers?: readonly ResponseHeaderName[];
}

export type RefusalStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 426 | 429 | 500 | 502 | 503 | 504;

export interface OperationDoc {
  readonly method: AccessRule["method"];
  /** As in the access table. */
  readonly path: string;
  /** Unique; what generated clients call the function. */
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  /** Markdown. */
  readonly description?: string;
  readonly query?: z.ZodObject;
  readonly requestHeaders?: z.ZodObject;
  readonly body?: BodyDoc;
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** Refusals that do not follow from the rest. */
  readonly refusals?: readonly RefusalStatus[];
  /** The frames of a socket, as components. */
  readonly frames?: { readonly client: string | null; readonly server: string };
}

/** An answer of one JSON shape. */
export function toJsonAnswer(
  description: string,
  shape: z.ZodType,
  example: unknown,
  headers: readonly ResponseHeaderName[] = [],
): AnswerDoc {
  const examples = { example: { summary: description, value: example } };
  return { description, content: { "application/json": { shape, examples } }, headers };
}

/** A body of one JSON shape. */
export function toJsonBody(
  shape: z.ZodType,
  examples: Readonly<Record<string, Example>>,
  required = true,
): BodyDoc {
  return { required, content: { "application/json": { shape, examples } } };
}
