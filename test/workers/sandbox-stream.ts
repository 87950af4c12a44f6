/** OpenAI's wire as a client reads it: the parts that tests look at, the rest as it comes. */
import { z } from "zod";

/** The parts that tests look at; the rest stays as it is. */
export const CompletionChunk = z.looseObject({
  id: z.string().optional(),
  object: z.string().optional(),
  created: z.number().optional(),
  model: z.string().optional(),
  choices: z
    .array(
      z.looseObject({ index: z.number(), delta: z.looseObject({}), finish_reason: z.string().nullable() }),
    )
    .optional(),
  usage: z.looseObject({ total_tokens: z.number() }).nullable().optional(),
  breakwater: z.looseObject({ status: z.string() }).optional(),
  error: z.looseObject({ message: z.string(), type: z.string(), code: z.string().nullable() }).optional(),
});
export type CompletionChunk = z.infer<typeof CompletionChunk>;

export interface ReadStream {
  readonly chunks: CompletionChunk[];
  /** True when the stream said `[DONE]` at its very end. */
  readonly isDone: boolean;
}

export async function readStream(answer: Response): Promise<ReadStream> {
  const events = (await answer.text()).split("\n\n").filter((event) => event !== "");
  if (!events.every((event) => event.startsWith("data: ")))
    throw new Error(`not the wire: ${events.join("|")}`);
  const data = events.map((event) => event.slice("data: ".length));
  const chunks = data
    .filter((text) => text !== "[DONE]")
    .map((text) => CompletionChunk.parse(JSON.parse(text)));
  return { chunks, isDone: data.indexOf("[DONE]") === data.length - 1 };
}

export function textOf(chunks: readonly CompletionChunk[]): string {
  return chunks
    .flatMap((chunk) => chunk.choices ?? [])
    .map((choice) => (typeof choice.delta["content"] === "string" ? choice.delta["content"] : ""))
    .join("");
}

/** The answer to a call without a stream. */
export const Completion = z.looseObject({
  id: z.string(),
  object: z.literal("chat.completion"),
  model: z.string(),
  choices: z.tuple([
    z.looseObject({ message: z.looseObject({ content: z.string().nullable() }), finish_reason: z.string() }),
  ]),
  usage: z.looseObject({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() }),
  breakwater: z.looseObject({ status: z.string(), selectionId: z.string() }),
});
export const Refusal = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
  breakwater: z.looseObject({ status: z.string() }).optional(),
});
