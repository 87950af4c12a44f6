/** The word tables, and plain requests in every language. */
import { describe, expect, it } from "vitest";
import { foldText } from "../../../../src/routing/intent/intent-fold.ts";
import { findWords, INTENT_LANGUAGES, listPhrases } from "../../../../src/routing/intent/intent-lexicon.ts";
import type { WordTable } from "../../../../src/routing/intent/intent-lexicon.ts";
import { OPENING_WORDS, SMALL_TALK_WORDS } from "../../../../src/routing/intent/intent-opening-words.ts";
import { REQUEST_WORDS } from "../../../../src/routing/intent/intent-request-words.ts";
import { TALK_WORDS } from "../../../../src/routing/intent/intent-talk-words.ts";
import { TASK_WORDS } from "../../../../src/routing/intent/intent-task-words.ts";
import { TOPIC_WORDS } from "../../../../src/routing/intent/intent-topic-words.ts";
import { classifyIntent } from "../../../../src/routing/intent/intent.ts";

const TABLES: readonly WordTable[] = [
  ...[TASK_WORDS, TOPIC_WORDS, TALK_WORDS],
  ...[REQUEST_WORDS, OPENING_WORDS, SMALL_TALK_WORDS],
];

const REQUESTS: Readonly<Record<string, readonly [string, string][]>> = {
  en: [
    ["translation", "Please translate this letter into German"],
    ["writing", "Write a poem"],
    ["chat", "hello"],
  ],
  de: [
    ["translation", "Übersetze das ins Englische"],
    ["analysis", "Vergleiche die beiden Angebote"],
    ["chat", "Hallo"],
  ],
  fr: [
    ["writing", "Écris une histoire"],
    ["question", "Où est la gare"],
    ["chat", "Bonjour"],
  ],
  es: [
    ["question", "¿Dónde está Lisboa?"],
    ["question", "Qué es un agujero negro"],
    ["chat", "Hola"],
  ],
  it: [
    ["summary", "Riassumi questo testo"],
    ["question", "Dov'è Lisbona?"],
    ["chat", "Ciao"],
  ],
  pt: [
    ["summary", "Resuma este texto"],
    ["question", "Onde fica Lisboa?"],
    ["chat", "Olá"],
  ],
  nl: [
    ["summary", "Vat deze tekst samen"],
    ["question", "Waar ligt Lissabon?"],
    ["chat", "Hallo"],
  ],
  pl: [
    ["summary", "Streść ten tekst"],
    ["question", "Gdzie leży Lizbona?"],
    ["chat", "Cześć"],
  ],
  tr: [
    ["summary", "Bu metni özetle"],
    ["question", "Lizbon nerede?"],
    ["chat", "Merhaba"],
  ],
  ru: [
    ["summary", "Кратко перескажи текст"],
    ["question", "Где находится Лиссабон?"],
    ["chat", "Привет"],
  ],
  zh: [
    ["translation", "请翻译这句话"],
    ["question", "里斯本在哪里？"],
    ["chat", "你好"],
  ],
  ja: [
    ["translation", "これを英語に翻訳して"],
    ["question", "リスボンはどこですか？"],
    ["chat", "こんにちは"],
  ],
};

const CONCEPTS = TABLES.flatMap((table) => Object.entries(table));

const findConcepts = (text: string) => findWords(foldText(text)).map((match) => match.concept);

describe("languages", () => {
  it.each(INTENT_LANGUAGES)("[RT41] plain requests in %s", (language) => {
    const requests = REQUESTS[language] ?? [];
    expect(requests).toHaveLength(3);
    expect(requests.map(([, text]) => [classifyIntent(text).intent, text])).toEqual(requests);
  });

  it.each([
    ["Übersetze das", "ubersetze das"],
    ["Écris une histoire", "ECRIS UNE HISTOIRE"],
    ["¿Qué es un agujero negro?", "que es un agujero negro?"],
    ["Streść ten tekst", "stresc ten tekst"],
    ["Bu metni özetle, lütfen", "bu metni ozetle, lutfen"],
    ["Расскажи про чёрную дыру", "расскажи про черную дыру"],
    ["Écris une histoire", "E\u0301cris une histoire"],
    ["里斯本在哪里？", "里斯本在哪里?"],
  ])("[RT41] with and without accents: %s, %s", (accented, plain) => {
    expect(classifyIntent(plain)).toEqual(classifyIntent(accented));
  });

  it("[RT41] every concept has words in every language, or words that all share", () => {
    const lacking = CONCEPTS.filter(([, languages]) => {
      const named = Object.keys(languages);
      return !named.includes("all") && INTENT_LANGUAGES.some((language) => !named.includes(language));
    });
    expect(lacking).toEqual([]);
  });

  it("[RT41] no cell names a phrase twice, and a star stands only at an end", () => {
    for (const cell of CONCEPTS.flatMap(([, languages]) => Object.values(languages))) {
      const phrases = listPhrases(cell);
      expect(phrases).toEqual([...new Set(phrases)]);
      for (const phrase of phrases) expect(phrase).toMatch(/^[\p{L}\p{N}\p{M} ]+\*?$/u);
    }
  });

  it("[RT41] every phrase is found where it stands alone, under its concept", () => {
    const lost = CONCEPTS.flatMap(([concept, languages]) =>
      Object.values(languages)
        .flatMap(listPhrases)
        .filter((phrase) => !findConcepts(phrase.replace("*", "")).includes(concept)),
    );
    expect(lost).toEqual([]);
  });

  it("[RT41] a word that several languages share is found once", () => {
    expect(findWords(foldText("mail"))).toHaveLength(1);
  });

  it("[RT41] a stem has three letters at least, so that its bucket is known", () => {
    const stems = CONCEPTS.flatMap(([, languages]) => Object.values(languages).flatMap(listPhrases)).filter(
      (phrase) => phrase.endsWith("*"),
    );
    expect(stems.length).toBeGreaterThan(100);
    expect(stems.filter((stem) => !stem.includes(" ") && stem.length < 4)).toEqual([]);
  });

  it("[RT41] a stem begins words, a word is whole", () => {
    expect(findConcepts("translations")).toContain("translate");
    expect(findConcepts("mistranslations")).toEqual([]);
    expect(findConcepts("haikus")).toEqual([]);
    expect(findConcepts("haiku")).toEqual(["prose"]);
  });
});
