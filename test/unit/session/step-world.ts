/** What a model is told when a question of a stored chat is asked: the real store and the real steps, no model. */
import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import { fail, succeed } from "../../../src/base/result.ts";
import type { CallSettings } from "../../../src/protocol/call-settings.ts";
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import type { AnswerInput, ResolvedModels } from "../../../src/routing/run-answer.ts";
import { PNG } from "../../fixtures/tiny-files.ts";
import type { FileRead } from "../../../src/session/context/context-files.ts";
import type { StepInput } from "../../../src/session/turn/run-turn.ts";
import type { SessionStore } from "../../../src/session/store/session-store.ts";
import { createStepStarter } from "../../../src/session/turn/turn-steps.ts";
import { RECEIPT, RECORD, SESSION, TARGET, toEnd, toMessage, TURN } from "./answer-fixtures.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";
import { ChatDisk } from "./sqlite-store.ts";

export function openTalk() {
  const disk = new ChatDisk();
  const store = disk.open();
  const { leafMessageId: _, lastProvider: __, ...row } = SESSION;
  store.createSession(row);
  let last: string | null = null;
  let count = 0;
  /** The next question or answer, in turn. */
  const add = (content: string | StoredMessage["parts"]): string => {
    const id = `m${count}`;
    const isQuestion = count % 2 === 0;
    const message = toMessage(id, isQuestion ? "user" : "assistant", content, last);
    store.messages.append(
      isQuestion ? message : { ...message, metadata: { ...RECEIPT, status: "complete" } },
    );
    [last, count] = [id, count + 1];
    return id;
  };
  /** Questions and answers in turn, each of so many tokens behind its id; the id of the last. */
  const talk = (...tokens: number[]): string => {
    for (const each of tokens) add(`<m${count}> ${"abcd".repeat(each)}`);
    return last ?? "";
  };
  return { disk, store, add, talk };
}

/** Models whose context has so many tokens. */
export function toModels(contextTokens: number | null): ResolvedModels {
  const abilities = { contextTokens, maxOutputTokens: null, vision: null, tools: null };
  return {
    requested: [],
    unspecified: false,
    models: [{ type: "pinned", target: { ...TARGET, weight: null, abilities } }],
  };
}

export interface AskOptions {
  /** Null: there is no such model (any more). */
  readonly models?: ResolvedModels | null;
  /** What every file holds; null: none can be read now. */
  readonly file?: Uint8Array | null;
  /** The step, where it is not the first one. */
  readonly step?: Pick<StepInput, "done" | "earlier">;
  /** What the chat has. */
  readonly tools?: readonly LanguageModelV4FunctionTool[];
  /** What a program asks beside its question. */
  readonly settings?: CallSettings;
}

/** The prompt of the step that answers that question, and the files that were read for it. */
export async function askStep(
  store: SessionStore,
  parentId: string,
  { models = toModels(null), file = PNG, step, tools = [], settings }: AskOptions = {},
) {
  const calls: AnswerInput[] = [];
  const reads: FileRead[] = [];
  const budgets: number[] = [];
  const log = new RecordingLog();
  const start = createStepStarter({
    store,
    contextTokens: 24_000,
    newSelectionId: () => "s",
    resolveModels: () => (models === null ? fail("There is no such model.") : succeed(models)),
    runAnswer: async function* (input) {
      calls.push(input);
      yield [];
      return { end: toEnd(), record: RECORD };
    },
    log,
    onBudget: (tokens) => budgets.push(tokens),
    listTools: () => Promise.resolve(tools),
    readFiles: async (files) => {
      reads.push(...files);
      if (file === null) return null;
      return new Map(files.map(({ url, maxBytes }) => [url, file.subarray(0, maxBytes ?? file.length)]));
    },
  });
  const live = { turn: { ...TURN, parentId }, settings: settings ?? null, controller: new AbortController() };
  const answer = start(live, 0)({ done: [], earlier: null, mayCallTools: tools.length > 0, ...step });
  while ((await answer.next()).done !== true);
  const prompt = calls[0]?.call.prompt ?? [];
  const pictures = prompt.flatMap(({ role, content }) =>
    role === "user" ? content.filter(({ type }) => type === "file") : [],
  );
  const offered = calls[0]?.call.tools ?? [];
  return {
    call: calls[0],
    log,
    prompt,
    offered,
    budgets,
    maxBytes: calls[0]?.maxBytes,
    reads,
    text: JSON.stringify(prompt),
    pictures,
  };
}
