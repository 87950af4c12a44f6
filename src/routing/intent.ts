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

const SIGNALS: readonly IntentSignal[] = [
  { intent: "code", weight: 4, pattern: /```|\bstack ?trace\b|\bTraceback\b|=>\s*\{|\);\s*$/mu },
  {
    intent: "code",
    weight: 3,
    pattern:
      /\b(typescript|javascript|python|rust|golang|java|kotlin|sql|regex|bash|css|html|react|api endpoint|unit tests?|compiler?|refactor|debug|function|class method|npm|git)\b/iu,
  },
  { intent: "code", weight: 2, pattern: /\b(code|program|script|bug|exception|query|algorithm)\b/iu },
  {
    intent: "translation",
    weight: 5,
    pattern: /\b(translate|translation|übersetz\w*|tradui\w*|traduc\w*|tradur\w*|vertaal\w*)\b|翻译|翻訳/iu,
  },
  {
    intent: "analysis",
    weight: 3,
    pattern:
      /\b(analy[sz]e|analysis|compare|contrast|evaluate|assess|pros and cons|trade-?offs?|summari[sz]e|explain why|root cause|vergleich\w*|analysier\w*|compar[aeo]\w*|analizar?)\b/iu,
  },
  {
    intent: "writing",
    weight: 3,
    pattern:
      /\b(write|draft|compose|rewrite|rephrase|proofread|essay|poem|story|e-?mail|letter|blog post|headline|slogan|schreib\w*|verfass\w*|escrib\w*|écri\w*|rédige\w*)\b/iu,
  },
  {
    intent: "question",
    weight: 2,
    pattern:
      /^\s*(what|who|when|where|which|why|how|is|are|does|do|can|was|wer|was|wann|wo|warum|wie|qué|quién|cuándo|dónde|qui|quand|où|pourquoi|comment)\b/iu,
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
