/** How a step of a turn is asked for: the history that fits, files, tools, and who is asked. Rules SE6, SE77, SE80, SE84, SE132, SE134, SE171, TL42, TL45, TL50. */
import type { LanguageModelV4FunctionTool, LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { Log } from "../../base/log.ts";
import type { Result } from "../../base/result.ts";
import { toProviderId } from "../../providers/provider-config.ts";
import { FILES_AWAY } from "../../routing/answer-end.ts";
import { estimateTokens } from "../../routing/estimate-tokens.ts";
import type { AnswerInput, AnswerOutcome, ResolvedModels } from "../../routing/run-answer.ts";
import type { AnswerEvent } from "../../routing/run-plan.ts";
import type { CallSettings } from "../../protocol/call-settings.ts";
import type { StoredMessage } from "../../protocol/session-frame.ts";
import { toUniqueCallIds } from "../../tools/unique-call-ids.ts";
import { countRoomLeft } from "./answer-size.ts";
import { toAttachmentId } from "../files/attachment-path.ts";
import {
  chooseContext,
  isAnswer,
  isBeginning,
  MAX_TOLD_MESSAGES,
  toBudgetTokens,
  toContextPrompt,
  toReadCharacters,
  toRoomTokens,
  type Context,
} from "../context/context.ts";
import { listFileReads, type CountBytes, type FileRead } from "../context/context-files.ts";
import { fitRunning } from "../context/fit-told.ts";
import { countDefinitionTokens, fitTools } from "../context/fit-tools.ts";
import type { LiveTurn } from "./live-turn.ts";
import type { StepInput } from "./run-turn.ts";
import type { SessionRow, TurnRow } from "../rows.ts";
import type { SessionStore } from "../store/session-store.ts";
import { toMessageText, toStepMessages } from "../context/to-prompt.ts";

export interface TurnStepsDeps {
  readonly store: SessionStore;
  readonly resolveModels: (requested: readonly string[]) => Result<ResolvedModels, string>;
  readonly runAnswer: (
    input: AnswerInput,
  ) => AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;
  /** Tokens of history that a turn sends at the most. */
  readonly contextTokens: number;
  /** What of them the asked models have room for: what is more is to be summarised behind the turn. */
  readonly onBudget: (budgetTokens: number) => void;
  readonly log: Log;
  readonly newSelectionId: () => string;
  /** The tools that models are offered; may take a moment and gives none when they cannot be had. */
  readonly listTools: (signal: AbortSignal) => Promise<readonly LanguageModelV4FunctionTool[]>;
  /** The bytes of attached files by their addresses, those that are gone left out; null where they cannot be read now. */
  readonly readFiles: (
    files: readonly FileRead[],
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<string, Uint8Array> | null>;
}

type SteppingTurn = Pick<LiveTurn, "turn" | "settings" | "controller">;
type Answer = AsyncGenerator<readonly AnswerEvent[], AnswerOutcome, undefined>;

/** About how many tokens the models of that turn were sent with each call: for calls whose provider did not say. */
export function estimatePromptTokens(
  deps: Pick<TurnStepsDeps, "store" | "contextTokens" | "resolveModels"> & {
    /** As far as they are known without asking anybody. */
    readonly ownTools: readonly LanguageModelV4FunctionTool[];
  },
  turn: Pick<TurnRow, "position" | "parentId" | "requested">,
): number {
  const models = resolveStill(deps, turn.requested);
  const settings = deps.store.readCallSettings(turn.position);
  const ownTokens = fitTools(deps.ownTools, toRoomTokens(models)).tokens;
  const takenTokens = countTakenTokens(settings, ownTokens);
  const { context } = chooseHistory(deps, turn.parentId, models, takenTokens);
  return takenTokens + countToldTokens(context);
}

/** Of what is told beside the chat: instructions, and the definitions of tools. */
function countTakenTokens(settings: CallSettings | null, ownTokens: number): number {
  const tools = settings?.tools;
  const ofTools = tools === undefined ? ownTokens : countDefinitionTokens(tools);
  return ofTools + estimateTokens(settings?.instructions ?? "");
}

function countToldTokens({ tokens, preface }: Context): number {
  return tokens + estimateTokens(preface ?? "");
}

export function createStepStarter(
  deps: TurnStepsDeps,
): (live: SteppingTurn, startedMs: number) => (input: StepInput) => Answer {
  return (live, startedMs) => {
    let stepsBegun = 0;
    return async function* startStep(input) {
      stepsBegun += 1;
      const { turn, settings, controller } = live;
      const session = readSession(deps.store);
      const models = resolveStill(deps, turn.requested);
      const { instructions, metadata: _kept, ...asked } = settings ?? {};
      const ownTools = asked.tools === undefined && input.mayCallTools;
      const roomTokens = toRoomTokens(models);
      const {
        tools,
        leftOut,
        tokens: ownTokens,
      } = fitTools(ownTools ? await deps.listTools(controller.signal) : [], roomTokens);
      if (leftOut.length > 0 && stepsBegun === 1)
        deps.log.write("warn", "tools_left_out", {
          request_id: turn.turnId,
          tools: leftOut.map(({ name }) => name).join(", "),
        });
      const takenTokens = countTakenTokens(settings, ownTokens);
      const { prompt, question, tokens, cut, isWhole } = await readHistory(deps, live, models, takenTokens);
      const steps = fitRunning({ done: input.done, takenTokens, chatTokens: tokens, roomTokens });
      if (steps.cut + cut > 0)
        deps.log.write("info", "tool_outputs_cut", { request_id: turn.turnId, cut: steps.cut + cut });
      return yield* deps.runAnswer({
        models,
        policy: turn.policy,
        call: {
          prompt: toUniqueCallIds([
            ...toInstructions(instructions),
            ...prompt,
            ...toStepMessages(steps.parts),
          ]),
          ...(tools.length === 0 ? {} : { tools }),
          ...asked,
        },
        question,
        selectionId: stepsBegun === 1 && input.done.length === 0 ? turn.selectionId : deps.newSelectionId(),
        // The frames' request id is the client's own text; the record and the log go by an id of ours.
        requestId: turn.turnId,
        organizationId: session.organizationId,
        userId: session.userId,
        sessionId: session.sessionId,
        turnId: turn.turnId,
        lastProvider: session.lastProvider === null ? null : toProviderId(session.lastProvider),
        startedMs,
        ...(input.earlier === null ? {} : { earlier: input.earlier }),
        ...(isWhole ? {} : { unasked: FILES_AWAY }),
        maxBytes: countRoomLeft(input.done, input.earlier?.text ?? ""),
        signal: controller.signal,
      });
    };
  };
}

/** A deploy may have taken away what a turn that waited, or that a crash cut off, had asked for: then nobody is asked. */
function resolveStill(
  { resolveModels }: Pick<TurnStepsDeps, "resolveModels">,
  requested: readonly string[],
): ResolvedModels {
  const models = resolveModels(requested);
  return models.ok ? models.value : { requested, unspecified: false, models: [] };
}

/** Before what the chat itself has to say: the caller's word stands above a summary. */
function toInstructions(instructions: string | undefined): LanguageModelV4Prompt {
  return instructions === undefined ? [] : [{ role: "system", content: instructions }];
}

interface History {
  readonly prompt: LanguageModelV4Prompt;
  /** False where its files could not be read: nobody is to be asked with it. */
  readonly isWhole: boolean;
  readonly question: string;
  readonly tokens: number;
  readonly cut: number;
}

async function readHistory(
  deps: TurnStepsDeps,
  { turn, controller }: SteppingTurn,
  models: ResolvedModels,
  takenTokens: number,
): Promise<History> {
  const { context, question, budgetTokens } = chooseHistory(deps, turn.parentId, models, takenTokens);
  deps.onBudget(budgetTokens);
  const reads = listFileReads(context.messages, context.files);
  const files =
    reads.length === 0 ? new Map<string, Uint8Array>() : await deps.readFiles(reads, controller.signal);
  return {
    prompt: toContextPrompt(context, (url) => files?.get(url) ?? null),
    isWhole: files !== null,
    question,
    tokens: countToldTokens(context),
    cut: context.cut,
  };
}

/** What is told of the chat above and with that question, and the words that say what is wanted. */
function chooseHistory(
  { store, contextTokens }: Pick<TurnStepsDeps, "store" | "contextTokens">,
  questionId: string,
  models: ResolvedModels,
  takenTokens: number,
): { readonly context: Context; readonly question: string; readonly budgetTokens: number } {
  const budgetTokens = toBudgetTokens(models, contextTokens, takenTokens);
  const summaries = store.summaries.read();
  // What is asked is told, also where a summary stands for it: another answer may be wanted later.
  const stopBelow = new Set(
    summaries.flatMap((each) => (each.upToMessageId === questionId ? [] : each.upToMessageId)),
  );
  const read = store.messages.paths.read(questionId, [], {
    maxMessages: MAX_TOLD_MESSAGES,
    maxCharacters: toReadCharacters(budgetTokens),
    stopBelow,
  });
  const { messages, hasOlder } = withQuestion(store, read, stopBelow);
  const top = messages[0]?.parentId ?? null;
  const summary = store.summaries.findAbove(top);
  const question = messages.some(isBeginning) ? null : findBeginning(store, messages[0]);
  // What a tool gave says nothing of what is wanted: the question before it does.
  const asking = messages.findLast(isBeginning) ?? question;
  const context = chooseContext({
    messages,
    question,
    hasOlder: hasOlder && summary?.upToMessageId !== top,
    summary: summary?.body ?? null,
    budgetTokens,
    roomTokens: Math.max(0, toRoomTokens(models) - takenTokens),
    mostTokens: toBudgetTokens(models, Number.POSITIVE_INFINITY, takenTokens),
    countBytes: openByteCount(store),
  });
  return { context, question: asking === null ? "" : toMessageText(asking), budgetTokens };
}

type ReadPath = ReturnType<SessionStore["messages"]["paths"]["read"]>;

/** Where what its tools gave takes all that is read, an answer is told all the same, cut: with its question. Rule TL43. */
function withQuestion(store: SessionStore, read: ReadPath, stopBelow: ReadonlySet<string>): ReadPath {
  const [top] = read.messages;
  const questionId = top?.parentId ?? null;
  if (top === undefined || questionId === null || stopBelow.has(questionId)) return read;
  if (!isAnswer(top) || !top.parts.some(({ type }) => type === "dynamic-tool")) return read;
  const question = store.messages.find(questionId);
  if (question === null || !isBeginning(question)) return read;
  return { messages: [question, ...read.messages], hasOlder: question.parentId !== null };
}

function openByteCount(store: SessionStore): CountBytes {
  const sessionId = store.readSession()?.sessionId ?? "";
  return (url) => {
    const id = toAttachmentId(sessionId, url);
    return id === null ? null : (store.extras.findAttachment(id)?.bytes ?? null);
  };
}

/** So many rounds of calls are followed up to the question that they are for. */
const MOST_MESSAGES_UP = 2_000;

/** The question above a message, read one by one: only where calls alone fill what is read. */
function findBeginning(store: SessionStore, below: StoredMessage | undefined): StoredMessage | null {
  let parentId = below?.parentId ?? null;
  for (let steps = 0; parentId !== null && steps < MOST_MESSAGES_UP; steps += 1) {
    const message = store.messages.find(parentId);
    if (message === null || isBeginning(message)) return message;
    ({ parentId } = message);
  }
  return null;
}

function readSession(store: SessionStore): SessionRow {
  const session = store.readSession();
  if (session === null) throw new Error("this chat was never created");
  return session;
}
