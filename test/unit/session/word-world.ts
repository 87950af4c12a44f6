/** A chat whose models ask for tools that want a person's word: what each tool did, and a crash in between. */
import type { Clock } from "../../../src/base/clock.ts";
import { succeed } from "../../../src/base/result.ts";
import type { AnswerEvent } from "../../../src/routing/run-plan.ts";
import { ChatTools } from "../../../src/session/tools/chat-tools.ts";
import { ToolApprovals } from "../../../src/session/tools/tool-approvals.ts";
import type { ServerTool } from "../../../src/tools/tool.ts";
import { toTool } from "../tools/tool-world.ts";
import { ChatWorld, say, type WorldOptions } from "./chat-world.ts";

/** How long the tool takes that nobody is asked about. */
export const SEARCH_MS = 2_000;

/** `send` wants a word, `search` does not. */
export const toCall = (toolCallId: string, toolName: "send" | "search"): AnswerEvent => ({
  type: "tool-call",
  toolCallId,
  toolName,
  input: "{}",
});

/** What models say, one list for each model call; the last one again and again. `runs` names the calls that were made. */
export function toWordOptions(speeches: readonly (readonly AnswerEvent[])[]) {
  const runs: string[] = [];
  let approvals: ToolApprovals | null = null;
  let ids = 0;
  let steps = 0;
  const toTools = (clock: Clock): ServerTool[] => [
    toTool({
      name: "send",
      needsApproval: true,
      isRepeatable: false,
      run: async () => {
        runs.push("send");
        return succeed("sent");
      },
    }),
    toTool({
      name: "search",
      run: async () => {
        await clock.sleep(SEARCH_MS);
        runs.push("search");
        return succeed("found");
      },
    }),
  ];
  const options: WorldOptions = {
    speak: () => {
      steps += 1;
      return { pieces: speeches[steps - 1] ?? speeches.at(-1) ?? [say("Nothing.")], paceMs: 10 };
    },
    decideTool: (approvalId, approved) => approvals?.decide(approvalId, approved) ?? false,
    runTools: (clock) => {
      const own = new ToolApprovals(clock);
      approvals = own;
      const tools = new ChatTools({
        clock,
        approvals: own,
        newApprovalId: () => `appr_${(ids += 1)}`,
        noteFault: () => {},
        listOthers: () => Promise.resolve(toTools(clock)),
      });
      return (live, calls, tell) => tools.run(live, calls, tell);
    },
  };
  return { options, runs };
}

export function openWordWorld(speeches: readonly (readonly AnswerEvent[])[]) {
  const { options, runs } = toWordOptions(speeches);
  return { world: new ChatWorld(options), runs };
}
