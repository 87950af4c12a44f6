/**
 * Where a question is typed: grows with it, Enter sends, Shift+Enter starts a line, Escape stops an answer. Files come
 * by the button, by pasting and by dropping them on the chat.
 */
import { useLayoutEffect, useRef } from "react";
import type { KeyboardEvent, RefObject } from "react";
import { ArrowUpIcon } from "@phosphor-icons/react/dist/csr/ArrowUp";
import { PaperclipIcon } from "@phosphor-icons/react/dist/csr/Paperclip";
import { StopIcon } from "@phosphor-icons/react/dist/csr/Stop";
import { IconButton } from "../../ui/button.tsx";
import { isComposing } from "../../ui/composing.ts";
import { AttachmentList } from "./attachment-list.tsx";
import { ACCEPTED } from "./attachment.ts";
import { toLengthProblem } from "./message-length.ts";
import { ModelPicker } from "./model-picker.tsx";
import type { Attachments } from "./use-attachments.ts";
import type { ModelChoice } from "./use-model-choice.ts";

interface ComposerProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly onSend: () => void;
  /** Null when no answer is running. */
  readonly onStop: (() => void) | null;
  /** Why nothing can be sent now; empty when it can. */
  readonly blocked: string;
  /** What will become of a question that is sent now, when it is not answered at once. */
  readonly hint: string;
  readonly choice: ModelChoice;
  readonly attachments: Attachments;
  /** The text box, for whoever wants to put the focus there. */
  readonly boxRef?: RefObject<HTMLTextAreaElement | null>;
}

export function isSendKey(event: KeyboardEvent): boolean {
  return event.key === "Enter" && !event.shiftKey && !isComposing(event.nativeEvent);
}

/** Makes a text box as high as its text. */
export function useGrowingBox(text: string, boxRef: RefObject<HTMLTextAreaElement | null>): void {
  useLayoutEffect(() => {
    const element = boxRef.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text, boxRef]);
}

function AttachButton({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={ACCEPTED}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          // The same file may be chosen once more.
          event.target.value = "";
        }}
      />
      <IconButton label="Attach files" className="size-9!" onClick={() => input.current?.click()}>
        <PaperclipIcon aria-hidden size={18} />
      </IconButton>
    </>
  );
}

const ROUND = "flex size-9 shrink-0 items-center justify-center rounded-full transition-colors";

interface ButtonsProps extends Pick<ComposerProps, "onStop"> {
  readonly why: string;
  readonly canSend: boolean;
  readonly focusBox: () => void;
}

function Buttons({ onStop, why, canSend, focusBox }: ButtonsProps) {
  return (
    <>
      {onStop !== null && (
        <button
          type="button"
          aria-label="Stop"
          title="Stop (Esc)"
          onClick={() => {
            onStop();
            // The button goes away.
            focusBox();
          }}
          className={`${ROUND} bg-ink text-canvas hover:opacity-85`}
        >
          <StopIcon aria-hidden size={16} weight="fill" />
        </button>
      )}
      {(onStop === null || canSend) && (
        <button
          type="submit"
          aria-label="Send"
          title={why}
          disabled={!canSend}
          className={`${ROUND} bg-accent text-on-accent hover:bg-accent-strong disabled:bg-hover disabled:text-ink-faint`}
        >
          <ArrowUpIcon aria-hidden size={18} weight="bold" />
        </button>
      )}
    </>
  );
}

/** Why a question cannot go while its files are not there; empty when they are. */
function toFilesBlock({ list }: Attachments): string {
  if (list.some(({ state }) => state === "uploading")) return "The files are still being uploaded";
  return list.some(({ state }) => state === "failed")
    ? "A file did not arrive: upload it again or remove it"
    : "";
}

/** The text box with the files, the model picker and the buttons that send and stop. */
export function Composer(props: ComposerProps) {
  const { text, onChange, onSend, onStop, hint, choice, attachments } = props;
  const ownRef = useRef<HTMLTextAreaElement>(null);
  const boxRef = props.boxRef ?? ownRef;
  useGrowingBox(text, boxRef);
  const isEmpty = text.trim() === "" && attachments.list.length === 0;
  const tooLong = toLengthProblem(text);
  const blocked = [tooLong, props.blocked].find((why) => why !== "") ?? toFilesBlock(attachments);
  const canSend = !isEmpty && blocked === "";
  // On a phone the focus would bring up the keyboard.
  const focusBox = (): void => {
    if (matchMedia("(hover: hover)").matches) boxRef.current?.focus();
  };
  const why = blocked === "" ? (isEmpty ? "Type a message first" : "Send") : blocked;
  const said = blocked === "" ? hint : blocked === tooLong ? "" : blocked;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!canSend) return;
        onSend();
        // The button goes away with the words.
        focusBox();
      }}
      className="rounded-2xl border border-line-strong bg-surface p-2 shadow-card focus-within:border-accent"
    >
      <AttachmentList attachments={attachments} />
      <textarea
        ref={boxRef}
        rows={1}
        value={text}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (!isSendKey(event)) return;
          event.preventDefault();
          if (canSend) onSend();
        }}
        onPaste={(event) => {
          const files = [...event.clipboardData.files];
          // A word processor sends a picture of the text with the text.
          if (files.length === 0 || event.clipboardData.types.includes("text/plain")) return;
          event.preventDefault();
          attachments.add(files);
        }}
        dir="auto"
        aria-label="Message"
        placeholder="Ask anything"
        // On a phone the focus would bring up the keyboard before anything has been read.
        autoFocus={matchMedia("(hover: hover)").matches}
        className="block max-h-[40dvh] w-full resize-none bg-transparent px-2 py-1.5 text-base leading-6 outline-none placeholder:text-ink-faint"
      />
      {tooLong !== "" && (
        <p role="alert" className="px-2 pb-1 text-[13px] text-bad">
          {tooLong}
        </p>
      )}
      <div className="flex items-center gap-1">
        <AttachButton onFiles={attachments.add} />
        <ModelPicker choice={choice} />
        <div className="flex min-w-0 flex-1 items-center justify-end gap-2">
          {said !== "" && !isEmpty && <p className="truncate text-xs text-ink-faint">{said}</p>}
          <Buttons onStop={onStop} why={why} canSend={canSend} focusBox={focusBox} />
        </div>
      </div>
    </form>
  );
}
