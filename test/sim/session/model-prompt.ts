/** What a simulated model makes of the prompt it gets: the question, and how far the answer has been told already. */
import type { LanguageModelV4Prompt } from "@ai-sdk/provider";

export interface ModelPrompt {
  readonly question: string;
  /** Which step of the answer is asked for, from 0: so many have called tools and been told what they gave. */
  readonly step: number;
  /** The words of this step that others gave before; empty for one that begins. */
  readonly told: string;
  readonly isPrefill: boolean;
  /** The words it is asked to begin with; null when it is not. */
  readonly anchor: string | null;
  /** The texts before the question, oldest first. */
  readonly history: readonly string[];
  readonly characters: number;
}

const MARKED = /<cut-off-end>([\s\S]*)<\/cut-off-end>/;

export function readModelPrompt(prompt: LanguageModelV4Prompt): ModelPrompt {
  const texts = prompt.map(({ role, content }) => ({ role, text: toText(content) }));
  const characters = texts.reduce((sum, { text }) => sum + text.length, 0);
  const last = texts.at(-1);
  const anchor = MARKED.exec(last?.text ?? "")?.[1] ?? null;
  const isPrefill = last?.role === "assistant";
  const isContinued = isPrefill || anchor !== null;
  const toldAt = texts.length - (anchor === null ? 1 : 2);
  const stepsEnd = isContinued ? toldAt : texts.length;
  const questionAt = texts.slice(0, stepsEnd).findLastIndex(({ role }) => role === "user");
  return {
    question: texts[questionAt]?.text ?? "",
    step: texts.slice(questionAt + 1, stepsEnd).filter(({ role }) => role === "tool").length,
    told: isContinued ? (texts[toldAt]?.text ?? "") : "",
    isPrefill,
    anchor,
    history: texts.slice(0, Math.max(0, questionAt)).map(({ text }) => text),
    characters,
  };
}

function toText(content: LanguageModelV4Prompt[number]["content"]): string {
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}
