/** Puts a chat's core together for its object: the wiring of the environment on one side, the object on the other. */
import { describeError } from "../src/auth/store/describe-error.ts";
import { newId, newMessageId, newSelectionId, newTurnId } from "../src/base/id.ts";
import { toAttachmentId, toFileKey } from "../src/session/files/attachment-path.ts";
import { Chat } from "../src/session/chat.ts";
import { ChatUpkeep } from "../src/session/chat-upkeep.ts";
import type { FileRead } from "../src/session/context/context-files.ts";
import { countLegs } from "../src/session/turn/count-legs.ts";
import type { ChatSocket } from "../src/session/turn/live-turn.ts";
import { readFiles, type ReadFilesDeps } from "../src/session/files/read-files.ts";
import type { SessionStore } from "../src/session/store/session-store.ts";
import { ChatTools } from "../src/session/tools/chat-tools.ts";
import { ToolApprovals } from "../src/session/tools/tool-approvals.ts";
import {
  createStepStarter,
  estimatePromptTokens,
  type TurnStepsDeps,
} from "../src/session/turn/turn-steps.ts";
import { resolveModels } from "../src/routing/run-answer.ts";
import { McpServers } from "../src/tools/client/mcp-servers.ts";
import type { NoteToolFault } from "../src/tools/tool.ts";
import type { Wiring } from "../src/wiring.ts";

export interface ChatHost {
  readonly store: SessionStore;
  readonly wiring: Wiring;
  readonly files: () => R2Bucket;
  readonly sockets: () => readonly ChatSocket[];
  readonly runInBackground: (work: Promise<void>) => void;
  readonly onTurnStart: () => void;
  /** After a turn, and whatever was done for the chat behind it: the outbox may hold something. */
  readonly onRecords: () => void;
}

export function openChat({ store, wiring, ...host }: ChatHost): Chat {
  const { settings, idSource } = wiring;
  const resolve = (requested: readonly string[]): ReturnType<typeof resolveModels> =>
    resolveModels(wiring.catalog, requested);
  const approvals = new ToolApprovals(wiring.clock);
  const tools = settings.tools ? openTools(wiring, approvals) : null;
  let budgetTokens = settings.contextTokens;
  const answers = {
    store,
    resolveModels: resolve,
    runAnswer: wiring.runAnswer,
    contextTokens: settings.contextTokens,
    newSelectionId: () => newSelectionId(idSource),
  };
  const chat = new Chat({
    store,
    clock: wiring.clock,
    log: wiring.log,
    callBudget: wiring.callBudget,
    sockets: host.sockets,
    resolveModels: resolve,
    endUpkeep: () => upkeep.end(),
    newIds: () => ({
      turnId: newTurnId(idSource),
      messageId: newMessageId(idSource),
      selectionId: newSelectionId(idSource),
    }),
    startStep: createStepStarter({
      ...answers,
      log: wiring.log,
      onBudget: (tokens) => {
        budgetTokens = tokens;
      },
      listTools: async (signal) => (tools === null ? [] : (await tools.openRegistry(signal)).definitions),
      readFiles: toReadFiles(store, wiring, host.files),
    }),
    runTools: tools === null ? null : (live, calls, tell) => tools.run(live, calls, tell),
    decideTool: (approvalId, approved) => approvals.decide(approvalId, approved),
    isSandbox: () => wiring.catalog.providers.some((provider) => wiring.isSandbox(provider)),
    continuesAfterCrash: settings.continuesAfterCrash,
    countLegs: (turn, legs, charactersOfLegs) =>
      countLegs(legs, {
        charactersOfLegs,
        inputTokens: () => estimatePromptTokens({ ...answers, ownTools: tools?.ownTools ?? [] }, turn),
        priceUsage: wiring.priceUsage,
      }),
    turnMs: settings.deadlines.turnMs,
    runInBackground: host.runInBackground,
    onTurnStart: host.onTurnStart,
    onTurnEnd: (turn) => {
      host.onRecords();
      host.runInBackground(upkeep.run(turn.messageId, budgetTokens));
    },
  });
  const upkeep = new ChatUpkeep({
    ...answers,
    clock: wiring.clock,
    log: wiring.log,
    upkeepModel: settings.upkeepModel,
    onRecord: host.onRecords,
    onTitle: () => chat.announceChange(false),
    onSummary: (summary) => chat.announce({ type: "summary-changed", summary }),
  });
  return chat;
}

function openTools(wiring: Wiring, approvals: ToolApprovals): ChatTools {
  const noteFault: NoteToolFault = (fault) => wiring.log.write("warn", "tool_failed", { ...fault });
  const servers = new McpServers({
    servers: wiring.mcpServers,
    cache: wiring.mcpLists,
    clock: wiring.clock,
    fetch: (url, init) => fetch(url, init),
    noteFault,
    version: wiring.settings.version,
  });
  return new ChatTools({
    clock: wiring.clock,
    approvals,
    newApprovalId: () => newId("appr", wiring.idSource),
    noteFault,
    listOthers: (signal) =>
      wiring.mcpServers.length === 0 ? Promise.resolve([]) : servers.listTools(signal),
  });
}

function toReadFiles(
  store: SessionStore,
  { clock, log }: Wiring,
  files: ChatHost["files"],
): TurnStepsDeps["readFiles"] {
  const deps: ReadFilesDeps = {
    clock,
    readFile: (file) => readFile(files(), store, file),
    noteFailure: (error) =>
      log.write("warn", "background_failed", { task: "prompt-files-read", error: describeError(error) }),
  };
  return (reads, signal) => readFiles(deps, reads, signal);
}

async function readFile(
  bucket: R2Bucket,
  store: SessionStore,
  { url, maxBytes }: FileRead,
): Promise<Uint8Array | null> {
  const sessionId = store.readSession()?.sessionId ?? "";
  const id = toAttachmentId(sessionId, url);
  const range = maxBytes === null ? {} : { range: { offset: 0, length: maxBytes } };
  const object = id === null ? null : await bucket.get(toFileKey(sessionId, id), range);
  return object === null ? null : new Uint8Array(await object.arrayBuffer());
}
