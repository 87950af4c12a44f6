/** What the bench's provider is told to answer: the plan is the model's name, which every system passes on as it is. */

export interface AnswerPlan {
  readonly words: number;
  /** The words come evenly over this time; 0 is as fast as they can be written. */
  readonly durationMs: number;
  /** After the last word the stream stays open until the bench lets it go. */
  readonly held: boolean;
  /** The provider says nothing for so long before its first word, milliseconds; at once when left out. */
  readonly thinkMs?: number;
}

const SHAPE = /^bench-w(\d{1,6})-t(\d{1,6})-k(\d{1,6})-(held|free)$/;

export function toModelName({ words, durationMs, held, thinkMs = 0 }: AnswerPlan): string {
  return `bench-w${words}-t${durationMs}-k${thinkMs}-${held ? "held" : "free"}`;
}

/** Null for a name that is no plan. */
export function parseModelName(name: string): AnswerPlan | null {
  const found = SHAPE.exec(name);
  if (found === null) return null;
  return {
    words: Number(found[1]),
    durationMs: Number(found[2]),
    thinkMs: Number(found[3]),
    held: found[4] === "held",
  };
}
