/** The parts of an answer in order: prose, reasoning that folds away, calls of tools. */
import { BrainIcon } from "@phosphor-icons/react/dist/csr/Brain";
import { WrenchIcon } from "@phosphor-icons/react/dist/csr/Wrench";
import type { ViewPart } from "../session/answer-part.ts";
import { Markdown } from "./markdown.tsx";

const FOLD = "group rounded-xl border border-line bg-sunken text-sm";
const FOLD_HEAD = "flex min-h-9 items-center gap-2 px-3 text-ink-soft";

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

function ToolCall({ name, input }: { readonly name: string; readonly input: string }) {
  return (
    <details className={FOLD}>
      <summary className={FOLD_HEAD}>
        <WrenchIcon aria-hidden size={16} />
        Called {name}
      </summary>
      <pre tabIndex={0} className="overflow-x-auto border-t border-line px-3 py-2 font-mono text-xs">
        {input}
      </pre>
    </details>
  );
}

/** Draws the parts; those that are open may still grow. */
export function AnswerBody({ parts }: { readonly parts: readonly ViewPart[] }) {
  return (
    <div className="flex flex-col gap-3">
      {parts.map((part, index) => {
        if (part.type === "tool") return <ToolCall key={index} name={part.name} input={part.input} />;
        if (part.type === "reasoning")
          return <Reasoning key={index} text={part.text} isStreaming={part.isOpen} />;
        return <Markdown key={index} text={part.text} isStreaming={part.isOpen} />;
      })}
    </div>
  );
}
