/** Tools for tests, and what calling them needs. */
import { succeed } from "../../../src/base/result.ts";
import type { ToolPart } from "../../../src/protocol/answer-parts.ts";
import type { AnswerChunk } from "../../../src/protocol/answer-chunk.ts";
import { createToolRegistry } from "../../../src/tools/registry.ts";
import { runToolCalls, type RunToolCallsDeps } from "../../../src/tools/run-tool-calls.ts";
import type { ServerTool, ToolFault } from "../../../src/tools/tool.ts";
import { VirtualClock } from "../../fakes/virtual-clock.ts";

export function toTool(tool: Partial<ServerTool>): ServerTool {
  return {
    name: "tool",
    description: "A tool for tests.",
    inputSchema: { type: "object" },
    needsApproval: false,
    isRepeatable: true,
    run: async () => succeed("done"),
    ...tool,
  };
}

export function toCall(call: Partial<ToolPart>): ToolPart {
  return {
    type: "dynamic-tool",
    toolCallId: "call-1",
    toolName: "tool",
    state: "input-available",
    input: {},
    ...call,
  };
}

/** One step's calls. What is told stands in `told`, marked where it was stored. */
export class ToolWorld {
  readonly clock = new VirtualClock();
  readonly controller = new AbortController();
  readonly told: (AnswerChunk | "stored")[] = [];
  readonly faults: ToolFault[] = [];
  readonly words = new Map<string, (approved: boolean) => void>();
  private approvals = 0;

  /** Waits until it is given a word, or is stopped. */
  async waitForApproval(approvalId: string): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.words.set(approvalId, resolve);
    this.controller.signal.addEventListener("abort", () => resolve(false));
    return await promise;
  }

  run(
    tools: readonly ServerTool[],
    calls: readonly ToolPart[],
    changes: Partial<RunToolCallsDeps> = {},
  ): Promise<void> {
    const registry = createToolRegistry(tools);
    if (!registry.ok) throw new Error(registry.error);
    return runToolCalls(
      {
        registry: registry.value,
        tell: (chunks) => this.told.push(...chunks),
        store: () => this.told.push("stored"),
        waitForApproval: (approvalId) => this.waitForApproval(approvalId),
        newApprovalId: () => `approval-${(this.approvals += 1)}`,
        clock: this.clock,
        signal: this.controller.signal,
        openBeforeCrash: new Set(),
        noteFault: (fault) => this.faults.push(fault),
        ...changes,
      },
      calls,
    );
  }
}

export function toOutput(toolCallId: string, output: unknown): AnswerChunk {
  return { type: "tool-output-available", toolCallId, output, dynamic: true };
}

export function toError(toolCallId: string, errorText: unknown): object {
  return { type: "tool-output-error", toolCallId, errorText, dynamic: true };
}
