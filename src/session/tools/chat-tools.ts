/** The tools of one chat: which ones its models are offered, and how the calls of a step are run. Rules SE47, SE80, SE81, SE112. */
import { describeError } from "../../auth/store/describe-error.ts";
import type { Clock } from "../../base/clock.ts";
import type { ToolPart } from "../../protocol/answer-parts.ts";
import type { AnswerChunk } from "../../protocol/answer-chunk.ts";
import { BUILT_IN_TOOLS } from "../../tools/built-in/built-in-tools.ts";
import { OutputRoom } from "../../tools/output-room.ts";
import { createToolRegistry, type ToolRegistry } from "../../tools/registry.ts";
import { runToolCalls } from "../../tools/run-tool-calls.ts";
import type { NoteToolFault, ServerTool } from "../../tools/tool.ts";
import type { LiveTurn } from "../turn/live-turn.ts";
import type { ToolApprovals } from "./tool-approvals.ts";

export interface ChatToolsDeps {
  readonly clock: Clock;
  readonly approvals: ToolApprovals;
  readonly newApprovalId: () => string;
  readonly noteFault: NoteToolFault;
  /** Tools beside the built-in ones; may take a moment and gives none when they cannot be had. */
  readonly listOthers: (signal: AbortSignal) => Promise<readonly ServerTool[]>;
}

export class ChatTools {
  private readonly deps: ChatToolsDeps;

  constructor(deps: ChatToolsDeps) {
    this.deps = deps;
  }

  /** What models are offered in any case, as it is known without asking a server. */
  get ownTools(): ToolRegistry["definitions"] {
    return openRegistry(BUILT_IN_TOOLS).definitions;
  }

  async openRegistry(signal: AbortSignal): Promise<ToolRegistry> {
    return openRegistry([...BUILT_IN_TOOLS, ...(await this.deps.listOthers(signal))]);
  }

  async run(
    live: LiveTurn,
    calls: readonly ToolPart[],
    tell: (chunks: readonly AnswerChunk[]) => void,
  ): Promise<void> {
    const { clock, approvals, newApprovalId, noteFault } = this.deps;
    const { signal } = live.controller;
    const room = new OutputRoom(live.draft.parts);
    await runToolCalls(
      {
        registry: await this.openRegistry(signal),
        tell: (chunks) => tell(chunks.map((chunk) => room.fit(chunk))),
        store: () => saveLog(live),
        waitForApproval: (approvalId) => approvals.wait(approvalId, signal),
        newApprovalId,
        clock,
        signal,
        openBeforeCrash: live.openBeforeCrash,
        noteFault,
      },
      calls,
    );
  }
}

function openRegistry(tools: readonly ServerTool[]): ToolRegistry {
  const registry = createToolRegistry(tools);
  // Names of other tools have their server's in front, so a clash is a bug.
  if (!registry.ok) throw new Error(registry.error);
  return registry.value;
}

/** What cannot be stored is a fault that is told by its message, and the database's holds what was said. Rule SE275. */
function saveLog({ log }: LiveTurn): void {
  try {
    log.save();
  } catch (error) {
    throw new Error(describeError(error), { cause: error });
  }
}
