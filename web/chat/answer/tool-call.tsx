/** A call of a tool in an answer: its name, what it was given, what came back; and the question whether it may run. */
import { HandPalmIcon } from "@phosphor-icons/react/dist/csr/HandPalm";
import { WarningIcon } from "@phosphor-icons/react/dist/csr/Warning";
import { WrenchIcon } from "@phosphor-icons/react/dist/csr/Wrench";
import type { ViewTool } from "../../session/answer-part.ts";
import { Button } from "../../ui/button.tsx";
import { toToolWords } from "./tool-words.ts";

export const FOLD = "group rounded-xl border border-line bg-sunken text-sm";
export const FOLD_HEAD = "flex min-h-9 items-center gap-2 px-3 text-ink-soft";

export function Block({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div className="border-t border-line px-3 py-2">
      <p className="eyebrow mb-1">{title}</p>
      <pre tabIndex={0} aria-label={title} className="max-h-72 overflow-auto font-mono text-xs">
        {text}
      </pre>
    </div>
  );
}

function FoldedCall({ tool, isLive }: { readonly tool: ViewTool; readonly isLive: boolean }) {
  const { text, tone } = toToolWords(tool, isLive);
  const Icon = tone === "bad" ? WarningIcon : WrenchIcon;
  return (
    <details className={FOLD}>
      <summary className={FOLD_HEAD}>
        <Icon aria-hidden size={16} className={`shrink-0 ${tone === "bad" ? "text-bad" : ""}`} />
        <span className={`min-w-0 truncate ${tone === "busy" ? "animate-pulse" : ""}`}>{text}</span>
      </summary>
      {tool.input !== "" && <Block title="Arguments" text={tool.input} />}
      {tool.output !== "" && <Block title="Result" text={tool.output} />}
      {tool.errorText !== "" && <Block title="Error" text={tool.errorText} />}
    </details>
  );
}

interface ApprovalProps {
  readonly tool: ViewTool;
  /** What this tab has said and not heard back yet. */
  readonly decided: boolean | undefined;
  /** Null while there is no line to say it on. */
  readonly onDecide: ((approvalId: string, approved: boolean) => void) | null;
}

function Approval({ tool, decided, onDecide }: ApprovalProps) {
  const isBusy = decided !== undefined || onDecide === null;
  const decide = (approved: boolean): void => onDecide?.(tool.approvalId, approved);
  return (
    <section
      aria-label={`May ${tool.name} be called?`}
      className="rounded-xl border border-warn bg-warn-soft text-sm"
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 p-3">
        <HandPalmIcon aria-hidden size={20} weight="fill" className="shrink-0 text-warn" />
        <p className="min-w-48 flex-1">
          <span className="font-semibold">The answer waits for you.</span> May{" "}
          <span className="font-mono">{tool.name}</span> be called with this?
        </p>
        <div className="flex gap-2">
          <Button small disabled={isBusy} onClick={() => decide(false)}>
            {decided === false ? "Denying…" : "Deny"}
          </Button>
          <Button small look="primary" disabled={isBusy} onClick={() => decide(true)}>
            {decided === true ? "Allowing…" : "Allow"}
          </Button>
        </div>
        {onDecide === null && <p className="w-full text-xs text-ink-soft">Waiting for the connection.</p>}
      </div>
      <Block title="Arguments" text={tool.input === "" ? "none" : tool.input} />
    </section>
  );
}

interface ToolCallProps extends Omit<ApprovalProps, "decided"> {
  readonly decided: Readonly<Record<string, boolean>>;
  /** The answer is still being written. */
  readonly isLive: boolean;
}

/** A line that opens, or a card while somebody has to say yes or no. */
export function ToolCall({ tool, isLive, decided, onDecide }: ToolCallProps) {
  return isLive && tool.state === "approval-requested" ? (
    <Approval tool={tool} decided={decided[tool.approvalId]} onDecide={onDecide} />
  ) : (
    <FoldedCall tool={tool} isLive={isLive} />
  );
}
