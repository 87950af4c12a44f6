/**
 * What a stand-in says: an answer worth reading, the same for the same question, that admits in its first
 * sentence that no model wrote it. Not how much of it is sent: answer.ts. Pure.
 */
import { toJsonInstance } from "./json-instance.ts";
import { toLongText } from "./long-text.ts";
import { hashText, tokensOf, withoutDirectives, wordsOf } from "./measure-text.ts";
import { toUpkeepAnswer } from "./upkeep-answer.ts";
import type { SandboxProvider } from "./provider-wire.ts";
import type { Question } from "./question.ts";

const MAX_WORDS = 20_000;
const MAX_QUOTED_CHARACTERS = 280;

interface Voice {
  readonly name: string;
  readonly greeting: string;
  readonly closing: string;
}

const VOICES: Readonly<Record<SandboxProvider, Voice>> = {
  anthropic: {
    name: "Anthropic",
    greeting: "I'm glad you asked. Let me be clear about one thing before anything else:",
    closing:
      "If it would help, ask again with more detail. I will be just as artificial, and just as willing.",
  },
  openai: {
    name: "OpenAI",
    greeting: "Sure! A quick note first:",
    closing:
      "Want to go further? Pick another model above, or break this one in the console and watch what happens.",
  },
  google: {
    name: "Google",
    greeting: "Here's an overview. First, where it comes from:",
    closing:
      "That is the summary. Related: how the circuit of a failing provider opens, and who answers then.",
  },
  deepseek: {
    name: "DeepSeek",
    greeting: "Let me work through this step by step, beginning with an admission:",
    closing: "Q.E.D., as far as a stand-in can prove anything.",
  },
};

interface CodeSample {
  readonly language: string;
  readonly pattern: RegExp;
  readonly code: string;
}

const CODE_SAMPLES: readonly CodeSample[] = [
  {
    language: "python",
    pattern: /python|pandas|django|numpy|\bpip\b/i,
    code: 'def count_words(text: str) -> dict[str, int]:\n    counts: dict[str, int] = {}\n    for word in text.lower().split():\n        counts[word] = counts.get(word, 0) + 1\n    return counts\n\nprint(count_words("to be or not to be"))',
  },
  {
    language: "sql",
    pattern: /\bsql\b|database|query|table|postgres|sqlite/i,
    code: "SELECT provider, count(*) AS requests\nFROM selections\nWHERE created_at > date('now', '-30 days')\nGROUP BY provider\nORDER BY requests DESC;",
  },
  {
    language: "bash",
    pattern: /\bbash\b|shell|terminal|linux|command line/i,
    code: 'for file in *.log; do\n  printf "%s: %s lines\\n" "$file" "$(wc -l < "$file")"\ndone',
  },
  {
    language: "rust",
    pattern: /\brust\b|cargo|borrow checker/i,
    code: 'fn main() {\n    let words = ["to", "be", "or", "not"];\n    let longest = words.iter().max_by_key(|word| word.len());\n    println!("{longest:?}");\n}',
  },
  {
    language: "html",
    pattern: /\bhtml\b|\bcss\b|web ?page/i,
    code: '<article>\n  <h1>Hello</h1>\n  <p>A page with a <a href="#more">link</a>.</p>\n</article>',
  },
  {
    language: "typescript",
    pattern: /./s,
    code: 'const words = "to be or not to be".split(" ");\nconst counts = new Map<string, number>();\nfor (const word of words) {\n  counts.set(word, (counts.get(word) ?? 0) + 1);\n}\nconsole.log(Object.fromEntries(counts));',
  },
];

const THOUGHTS: readonly string[] = [
  "A real model would now weigh what it knows; the stand-in counts the words of the question instead.",
  "Every part of this answer is chosen by the question's own letters, so asking twice gives the same answer twice.",
  "The words arrive one after another, with a pause between them, so that stopping and resuming can be tried.",
  "Nothing here was looked up anywhere, and nothing left this machine.",
  "The token counts under the answer are estimates: four characters are taken for one token.",
];

/** `Reply with OK` and its like get just that. */
function parseShortReply(text: string): string | null {
  const match =
    /^(?:please\s+)?(?:reply|answer|respond)\s+with\s+(?:just\s+|only\s+|exactly\s+)?["'“]?([\p{L}\p{N} !-]{1,40}?)["'”]?[.!]?$/iu.exec(
      text,
    );
  return match?.[1] ?? null;
}

function toQuote(text: string): string {
  const short = text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text;
  return short
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

function toTable(words: readonly string[], text: string): string {
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  const longest = words.reduce((best, word) => (word.length > best.length ? word : best), "");
  return [
    "| What was measured | Value |",
    "| --- | ---: |",
    `| Words in the question | ${words.length} |`,
    `| Letters and digits | ${letters} |`,
    `| Longest word | ${longest === "" ? "none" : longest.slice(0, 30)} |`,
    `| Estimated tokens | ${tokensOf(text.length)} |`,
  ].join("\n");
}

/** The full answer: headings, a quote of the question, a list, a table, code, a closing line. */
function toFullText(provider: SandboxProvider, question: Question): string {
  const voice = VOICES[provider];
  const text = withoutDirectives(question.text);
  const words = wordsOf(text);
  const seed = hashText(text);
  const thoughts = [0, 1, 2].map((step) => THOUGHTS[(seed + step) % THOUGHTS.length] ?? "");
  const sample = CODE_SAMPLES.find(({ pattern }) => pattern.test(text));
  const attached =
    question.attachments === 0
      ? ""
      : ` It came with ${question.attachments} attachment${question.attachments === 1 ? "" : "s"}, which a stand-in cannot look at.`;
  return [
    `${voice.greeting} this is the sandbox's stand-in for **${voice.name}**, speaking as \`${question.modelId}\`. No model wrote these words.`,
    `## What you asked\n\n${toQuote(text === "" ? "(nothing)" : text)}\n\nThat is ${words.length} word${words.length === 1 ? "" : "s"}.${attached}`,
    `## What can be said about it\n\n${thoughts.map((thought, index) => `${index + 1}. ${thought}`).join("\n")}`,
    `### In figures\n\n${toTable(words, text)}`,
    sample === undefined
      ? ""
      : `### In code\n\nA piece of ${sample.language === "typescript" ? "TypeScript" : sample.language} in the spirit of the question:\n\n\`\`\`${sample.language}\n${sample.code}\n\`\`\``,
    `## And then\n\n- Configure a real key (for example \`PLATFORM_${provider.toUpperCase()}_KEY\`) and the same question goes to the model itself.\n- Stop this answer, reload the page, or open the chat in a second tab: the text goes on where it was.\n- ${voice.closing}`,
  ]
    .filter((section) => section !== "")
    .join("\n\n");
}

/** What a provider's stand-in says to a question when nothing limits or interrupts it. */
export function toWholeText(provider: SandboxProvider, question: Question): string {
  if (question.jsonSchema !== null) {
    const instance = toJsonInstance(question.jsonSchema);
    const isEmpty = JSON.stringify(instance) === "{}";
    return JSON.stringify(isEmpty ? { answer: "This is the sandbox, not a model.", provider } : instance);
  }
  if (question.toolResult !== null) {
    return `This is the sandbox's stand-in for **${VOICES[provider].name}**. The tool answered:\n\n${toQuote(question.toolResult)}`;
  }
  const upkeep = toUpkeepAnswer(question.text);
  if (upkeep !== null) return upkeep;
  const words = /\[\[words:(\d{1,5})\]\]/.exec(question.text);
  if (words !== null) return toLongText(Math.min(Number(words[1]), MAX_WORDS), hashText(question.text));
  return parseShortReply(question.text.trim()) ?? toFullText(provider, question);
}
