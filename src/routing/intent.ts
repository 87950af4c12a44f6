/**
 * Guesses what a question is about, without asking a model: cheap, deterministic, and written into every
 * selection so that routing can be compared by intent. Rules RT1 to RT4.
 */
import type { Intent } from "../protocol/selection.ts";

interface IntentSignal {
  readonly intent: Intent;
  readonly weight: number;
  readonly pattern: RegExp;
}

/** Only the head of a long prompt is read: what somebody wants stands at the start, and the cost stays flat. */
const MAX_CHARACTERS_READ = 4_000;

/** Whole words, whatever the case. `\b` knows only ASCII letters and would miss "übersetze", "écris" and "qué". */
function toWordPattern(alternatives: string): RegExp {
  return new RegExp(String.raw`(?<![\p{L}\p{N}_])(?:${alternatives})(?![\p{L}\p{N}_])`, "iu");
}

const SIGNALS: readonly IntentSignal[] = [
  { intent: "code", weight: 4, pattern: /```|\bstack ?trace\b|\bTraceback\b|=>\s*\{|\);\s*$/mu },
  {
    intent: "code",
    weight: 3,
    pattern: toWordPattern(
      "typescript|javascript|python|rust|golang|java|kotlin|sql|regex|bash|css|html|react|api endpoint|unit tests?|compiler?|refactor|debug|function|class method|npm|git",
    ),
  },
  {
    intent: "code",
    weight: 2,
    pattern: toWordPattern("code|program|script|bug|exception|query|algorithm"),
  },
  {
    intent: "translation",
    weight: 5,
    pattern: toWordPattern(
      String.raw`translate|translation|übersetz\p{L}*|tradui\p{L}*|traduc\p{L}*|tradur\p{L}*|vertaal\p{L}*`,
    ),
  },
  // Chinese and Japanese put no spaces between words.
  { intent: "translation", weight: 5, pattern: /翻译|翻訳/u },
  {
    intent: "analysis",
    weight: 3,
    pattern: toWordPattern(
      String.raw`analy[sz]e|analysis|compare|contrast|evaluate|assess|pros and cons|trade-?offs?|summari[sz]e|explain why|root cause|vergleich\p{L}*|analysier\p{L}*|compar[aeo]\p{L}*|analizar?`,
    ),
  },
  {
    intent: "writing",
    weight: 3,
    pattern: toWordPattern(
      String.raw`write|draft|compose|rewrite|rephrase|proofread|essay|poem|story|e-?mail|letter|blog post|headline|slogan|schreib\p{L}*|verfass\p{L}*|escrib\p{L}*|écri\p{L}*|rédige\p{L}*`,
    ),
  },
  {
    intent: "question",
    weight: 2,
    pattern:
      /^[\s¿]*(?:what|who|when|where|which|why|how|is|are|does|do|can|was|wer|wann|wo|warum|wie|qué|quién|cuándo|dónde|qui|quand|où|pourquoi|comment)(?![\p{L}\p{N}_])/iu,
  },
  { intent: "question", weight: 1, pattern: /[?？]\s*$/mu },
];

export interface IntentGuess {
  readonly intent: Intent;
  /** Weight of the signals found, by intent; an intent without one is missing. */
  readonly scores: Readonly<Partial<Record<Intent, number>>>;
}

/** `chat` when nothing speaks for anything else. On a tie the intent that stands first in the table of signals wins. */
export function classifyIntent(text: string): IntentGuess {
  const head = text.slice(0, MAX_CHARACTERS_READ);
  const scores: Partial<Record<Intent, number>> = {};
  for (const signal of SIGNALS) {
    if (signal.pattern.test(head)) scores[signal.intent] = (scores[signal.intent] ?? 0) + signal.weight;
  }
  let intent: Intent = "chat";
  let best = 0;
  for (const signal of SIGNALS) {
    const score = scores[signal.intent] ?? 0;
    if (score > best) {
      best = score;
      intent = signal.intent;
    }
  }
  return { intent, scores };
}
