/** What the session bench measures: somebody who keeps chats and answers over a socket. */
import type { AnswerPlan } from "./answer-plan.ts";
import type { TurnWatch } from "./turn-watch.ts";

export interface TurnTimes {
  readonly words: number;
  /** From the question to the first word, milliseconds. */
  readonly firstWordMs: number;
  /** From the question to the word that the answer has ended, milliseconds. */
  readonly durationMs: number;
}

export interface BenchChat {
  /** One question at a time. Rejects when the answer is not the one that was planned. */
  readonly ask: (plan: AnswerPlan) => Promise<TurnTimes>;
  readonly close: () => void;
}

/** A chat whose running answer can be followed again over a new socket. */
export interface ResumableChat extends BenchChat {
  readonly connect: () => Promise<void>;
  /** A question whose answer is watched and not waited for. */
  readonly start: (plan: AnswerPlan) => TurnWatch;
  /** Of the running answer, from its beginning; the watch begins with the frame that asks. */
  readonly resume: (plan: AnswerPlan) => TurnWatch;
}

export interface ChatSystem {
  readonly name: string;
  /** A new chat with its socket open. */
  readonly openChat: () => Promise<BenchChat>;
  /** Processor time of its workerd since the start, milliseconds; null where the system does not tell it. */
  readonly readCpuMs: () => Promise<number | null>;
}
