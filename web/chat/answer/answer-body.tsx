/** The parts of an answer in order: prose, reasoning that folds away, calls of tools. */
import { BrainIcon } from "@phosphor-icons/react/dist/csr/Brain";
import type { ViewPart } from "../../session/answer-part.ts";
import { Markdown } from "../markdown/markdown.tsx";
import { FOLD, FOLD_HEAD, ToolCall } from "./tool-call.tsx";

function Reasoning({ text, isStreaming }: { readonly text: string; readonly isStreaming: boolean }) {
  return (
    <details className={FOLD}>
      <summary className={FOLD_HEAD}>
        <BrainIcon aria-hidden size={16} />
        {isStreaming ? "Thinking…" : "Reasoning"}
      </summary>
      <div className="border-t border-line px-3 py-2 text-ink-soft">
        <Markdown text={text} isStreaming={isStreaming} />
      </div>
    </details>
  );
}

interface AnswerBodyProps {
  readonly parts: readonly ViewPart[];
  /** The answer is still being written. */
  readonly isLive: boolean;
  readonly decided: Readonly<Record<string, boolean>>;
  readonly onDecide: ((approvalId: string, approved: boolean) => void) | null;
}

/** Draws the parts; those that are open may still grow. */
export function AnswerBody({ parts, isLive, decided, onDecide }: AnswerBodyProps) {
  return (
    <div className="flex flex-col gap-3">
      {parts.map((part, index) => {
        switch (part.type) {
          case "tool":
            return <ToolCall key={index} tool={part} isLive={isLive} decided={decided} onDecide={onDecide} />;
          case "reasoning":
            return <Reasoning key={index} text={part.text} isStreaming={part.isOpen} />;
          case "text":
            return <Markdown key={index} text={part.text} isStreaming={part.isOpen} />;
          case "file":
          case "output":
            return null;
        }
      })}
    </div>
  );
}
