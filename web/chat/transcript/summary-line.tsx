/** The line in a transcript above which a model is told a summary and no longer what was said. */
import { useState } from "react";
import { CaretRightIcon } from "@phosphor-icons/react/dist/csr/CaretRight";
import { Markdown } from "../markdown/markdown.tsx";

/** A line that opens to the summary itself. */
export function SummaryLine({ text }: { readonly text: string }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <section aria-label="Summary of older messages">
      <div className="flex items-center gap-3 text-xs text-ink-soft">
        <span aria-hidden className="h-px flex-1 bg-line-strong" />
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setIsOpen((was) => !was)}
          className="flex min-h-8 items-center gap-1.5 rounded-lg px-2 text-left font-medium hover:bg-hover hover:text-ink"
        >
          <CaretRightIcon
            aria-hidden
            size={12}
            className={`shrink-0 transition-transform ${isOpen ? "rotate-90" : ""}`}
          />
          Older messages are summarised for the model
        </button>
        <span aria-hidden className="h-px flex-1 bg-line-strong" />
      </div>
      {isOpen && (
        <div className="mt-2 rounded-xl border border-line bg-sunken px-4 py-3 text-[15px] text-ink-soft">
          <p className="eyebrow mb-2">What models are told in place of the messages above</p>
          <Markdown text={text} isStreaming={false} />
        </div>
      )}
    </section>
  );
}
