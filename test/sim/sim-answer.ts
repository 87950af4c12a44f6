/**
 * What models say in the simulated world. To one question all of them give one answer, so that it can be told whether
 * a reader got it whole; asked to go on with one that broke, they do so in the ways of real models, by turns.
 */
import type { ModelCall } from "../../src/providers/provider.ts";

/** Prose, lists, code, a script without spaces, and signs of two code units: none of them repeats itself. */
const ANSWERS: readonly string[] = [
  "A breakwater is a wall in the sea. It takes the strength out of the waves before they come to the harbour, so " +
    "that ships lie quietly behind it, and whoever waits on the quay keeps dry feet even in a winter storm.",
  "Three things to check first:\n\n- **The stones**: none of them may be loose.\n- **The light** at its head, which " +
    "has to burn from dusk on.\n- **The gauge**: read it twice a day.\n\nThen write everything into the book.",
  "```ts\nexport function isHigh(wave: number): boolean {\n  // Metres above the mean of the year.\n  return wave > " +
    "3.5;\n}\n```\n\nCall it with what the buoy has measured; a `NaN` is never high, which is what you want here.",
  "防波堤是海里的一道墙。它在波浪到达港口之前消耗掉它们的力量，这样船只就能安静地停在后面，即使在冬天的暴风雨中，" +
    "在码头上等待的人也不会弄湿双脚。每年春天都要检查石头有没有松动，灯塔的灯是否还亮着。",
  "Storm coming 🌊🌊 — here is what I would do:\n\n1. Bring the boats in ⛵ before noon.\n2. Close the gate 🚪 and " +
    "tie it up.\n3. Call everybody 👩‍🚀 who is still outside.\n\nAfter that, tea ☕ and a good book will do.",
];
const PROBE_ANSWER = "Yes, I am well.";

export function toQuestionText(index: number): string {
  return `Question ${index % ANSWERS.length}`;
}

/** What a whole answer to this question is. */
export function toAnswerText(question: string): string {
  const index = /^Question (\d+)$/.exec(question)?.[1];
  return index === undefined ? PROBE_ANSWER : (ANSWERS[Number(index)] ?? PROBE_ANSWER);
}

/** As many pieces as a stream has, cut without regard to words. */
export function toPieces(text: string, count: number): string[] {
  const size = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, index) => text.slice(index * size, (index + 1) * size));
}

/** An answer that broke, as the call that goes on with it tells. */
interface Broken {
  readonly partial: string;
  /** The words that are to be repeated; null for a prefill. */
  readonly anchor: string | null;
}

export function isPrefill({ prompt }: Pick<ModelCall, "prompt">): boolean {
  return prompt.at(-1)?.role === "assistant";
}

/** `turn` counts the continuing calls of a provider: each of them is answered in another way. */
export function toSpokenText({ prompt }: Pick<ModelCall, "prompt">, turn: number): string {
  const whole = toAnswerText(
    readText(
      prompt.findIndex(({ role }) => role === "user"),
      prompt,
    ),
  );
  const broken = readBroken(prompt);
  if (broken === null) return whole;
  const rest = whole.slice(broken.partial.length);
  if (broken.anchor === null) return rest;
  const habit = HABITS[turn % HABITS.length] ?? goOn;
  return habit({ whole, rest, partial: broken.partial, anchor: broken.anchor });
}

/** Of two models it is known that they take a prefill, and of one of them it is no longer true. */
export const SAID_TO_TAKE_PREFILL: ReadonlySet<string> = new Set(["beta/large", "gamma/large"]);
export const TAKES_PREFILL: ReadonlySet<string> = new Set(["beta/large"]);

/** True for a call that goes on with a broken answer. */
export function isContinuing({ prompt }: Pick<ModelCall, "prompt">): boolean {
  return readBroken(prompt) !== null;
}

interface Continuation {
  readonly whole: string;
  readonly partial: string;
  readonly rest: string;
  readonly anchor: string;
}

type Habit = (continuation: Continuation) => string;

const goOn: Habit = ({ rest }) => rest;
const repeatWhatWasAsked: Habit = ({ anchor, rest }) => anchor + rest;
const repeatMarks: Habit = ({ anchor, rest }) => `<cut-off-end>${anchor}</cut-off-end>${rest}`;
const startOver: Habit = ({ whole }) => whole;
const repeatInOneLine: Habit = ({ anchor, rest }) => anchor.replaceAll(/(?<=\S)\s+(?=\S)/gu, " ") + rest;

/** From a word on that stands in front of those asked for. */
const repeatMore: Habit = ({ partial, anchor, rest }) => {
  const before = partial.slice(0, partial.length - anchor.length).trimEnd();
  const gap = Math.max(before.lastIndexOf(" "), before.lastIndexOf("\n"));
  return partial.slice(gap + 1) + rest;
};

/** Enough of the answer to be taken for a new beginning. */
const BEGINNING_CHARACTERS = 80;

const saySomethingElse: Habit = (continuation) => {
  const { whole, partial } = continuation;
  if (partial.length <= BEGINNING_CHARACTERS + 1) return startOver(continuation);
  return `${whole.slice(0, BEGINNING_CHARACTERS)}#${whole.slice(BEGINNING_CHARACTERS)}`;
};

const HABITS: readonly Habit[] = [
  repeatWhatWasAsked,
  startOver,
  repeatMore,
  goOn,
  repeatMarks,
  repeatInOneLine,
  saySomethingElse,
];

function readBroken(prompt: ModelCall["prompt"]): Broken | null {
  const last = prompt.length - 1;
  if (prompt[last]?.role === "assistant") return { partial: readText(last, prompt), anchor: null };
  const anchor = /<cut-off-end>([\s\S]*)<\/cut-off-end>/.exec(readText(last, prompt))?.[1];
  return anchor === undefined ? null : { partial: readText(last - 1, prompt), anchor };
}

function readText(index: number, prompt: ModelCall["prompt"]): string {
  const content = prompt[index]?.content ?? "";
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}
