/** Where a question is typed: grows with it, Enter sends, Shift+Enter starts a line, Escape stops an answer. */
import { useLayoutEffect, useRef } from "react";
import type { KeyboardEvent } from "react";
import { ArrowUpIcon } from "@phosphor-icons/react/dist/csr/ArrowUp";
import { StopIcon } from "@phosphor-icons/react/dist/csr/Stop";
import { ModelPicker } from "./model-picker.tsx";
import type { ModelChoice } from "./use-model-choice.ts";

/** A bound of the wire: `UserTextPart` in src/protocol/session-frame.ts. */
const MAX_CHARACTERS = 200_000;

interface ComposerProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly onSend: () => void;
  /** Null when no answer is running. */
  readonly onStop: (() => void) | null;
  /** Why nothing can be sent now; empty when it can. */
  readonly blocked: string;
  readonly choice: ModelChoice;
}

function isSendKey(event: KeyboardEvent): boolean {
  // While an input method composes a word, Enter belongs to it.
  return event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing;
}

/** The text box with the model picker and the button that sends or stops. */
export function Composer({ text, onChange, onSend, onStop, blocked, choice }: ComposerProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);
  const isEmpty = text.trim() === "";
  const canSend = !isEmpty && blocked === "";
  const why = blocked === "" ? (isEmpty ? "Type a message first" : "Send") : blocked;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (canSend) onSend();
      }}
      className="rounded-2xl border border-line-strong bg-surface p-2 shadow-card focus-within:border-accent"
    >
      <textarea
        ref={box}
        rows={1}
        value={text}
        maxLength={MAX_CHARACTERS}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (!isSendKey(event)) return;
          event.preventDefault();
          if (canSend) onSend();
        }}
        aria-label="Message"
        placeholder="Ask anything"
        // On a phone the focus would bring up the keyboard before anything has been read.
        autoFocus={matchMedia("(hover: hover)").matches}
        className="block max-h-[40dvh] w-full resize-none bg-transparent px-2 py-1.5 text-base leading-6 outline-none placeholder:text-ink-faint"
      />
      <div className="flex items-center justify-between gap-2">
        <ModelPicker choice={choice} />
        <div className="flex min-w-0 items-center gap-2">
          {blocked !== "" && !isEmpty && <p className="truncate text-xs text-ink-faint">{blocked}</p>}
          {onStop === null ? (
            <button
              type="submit"
              aria-label="Send"
              title={why}
              disabled={!canSend}
              className="flex size-9 shrink-0 items-center justify-center rounded-full bg-accent text-on-accent transition-colors hover:bg-accent-strong disabled:bg-hover disabled:text-ink-faint"
            >
              <ArrowUpIcon aria-hidden size={18} weight="bold" />
            </button>
          ) : (
            <button
              type="button"
              aria-label="Stop"
              title="Stop (Esc)"
              onClick={onStop}
              className="flex size-9 shrink-0 items-center justify-center rounded-full bg-ink text-canvas hover:opacity-85"
            >
              <StopIcon aria-hidden size={16} weight="fill" />
            </button>
          )}
        </div>
      </div>
    </form>
  );
}
