/** Says plainly that no model is answering, and what to do about it. */
import { useState } from "react";
import { FlaskIcon } from "@phosphor-icons/react/dist/csr/Flask";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";

/** A line above the chat with the way to real answers behind it. */
export function SandboxBanner() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <aside
      aria-label="Sandbox"
      className="flex items-center justify-center gap-2 border-b border-line bg-warn-soft px-3 py-1.5 text-center text-[13px] text-warn print:hidden"
    >
      <FlaskIcon aria-hidden size={16} weight="fill" className="shrink-0" />
      <p>
        Answers come from the sandbox, not from a model.{" "}
        <button
          type="button"
          onClick={() => setIsOpen(true)}
          className="font-semibold underline underline-offset-2"
        >
          Use real models
        </button>
      </p>
      {isOpen && (
        <Dialog title="Answers from real models" onClose={() => setIsOpen(false)}>
          <div className="flex flex-col gap-3 text-left text-sm text-ink-soft">
            <p>
              No provider key is configured, so stand-ins on this machine speak the providers’ protocols.
              Everything else is real: routing, circuits, receipts, storage.
            </p>
            <p>
              Put one or more keys into the file <code className="font-mono text-ink">.dev.vars</code> beside
              package.json and start again:
            </p>
            <pre
              tabIndex={0}
              className="overflow-x-auto rounded-lg border border-line bg-code p-3 font-mono text-xs text-ink"
            >
              {
                "PLATFORM_ANTHROPIC_KEY=…\nPLATFORM_OPENAI_KEY=…\nPLATFORM_GOOGLE_KEY=…\nPLATFORM_DEEPSEEK_KEY=…"
              }
            </pre>
            <p>An Ollama on this machine is found by itself. README.md has the rest.</p>
          </div>
          <div className="mt-5 flex justify-end">
            <Button onClick={() => setIsOpen(false)}>Close</Button>
          </div>
        </Dialog>
      )}
    </aside>
  );
}
