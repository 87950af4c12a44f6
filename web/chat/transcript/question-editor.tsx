/** A question that is being changed, in its place: Enter asks it as a branch beside the old one, Escape leaves it. */
import { useEffect, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { isComposing } from "../../ui/composing.ts";
import { isSendKey, useGrowingBox } from "../composer/composer.tsx";
import { toLengthProblem } from "../composer/message-length.ts";

interface QuestionEditorProps {
  readonly firstText: string;
  /** Files of the old question go with the new one. */
  readonly hasFiles: boolean;
  /** Told of each change, so that nothing is lost when the row goes out of sight. */
  readonly onChange: (text: string) => void;
  /** Null while no branch can begin. */
  readonly onSend: ((text: string) => void) | null;
  readonly onCancel: () => void;
}

/** A text box with its two buttons. */
export function QuestionEditor({ firstText, hasFiles, onChange, onSend, onCancel }: QuestionEditorProps) {
  const [text, setText] = useState(firstText);
  const boxRef = useRef<HTMLTextAreaElement>(null);
  useGrowingBox(text, boxRef);
  const isFirst = useRef(true);
  useEffect(() => {
    const element = boxRef.current;
    if (!isFirst.current || element === null) return;
    isFirst.current = false;
    element.focus();
    element.setSelectionRange(element.value.length, element.value.length);
  }, []);
  const isEmpty = text.trim() === "" && !hasFiles;
  const tooLong = toLengthProblem(text);
  const send = onSend === null || isEmpty || tooLong !== "" ? null : () => onSend(text.trim());
  return (
    <form
      aria-label="Edit question"
      onSubmit={(event) => {
        event.preventDefault();
        send?.();
      }}
      className="w-full rounded-2xl border border-accent bg-surface p-3"
    >
      <textarea
        ref={boxRef}
        rows={1}
        value={text}
        dir="auto"
        aria-label="Question"
        onChange={(event) => {
          setText(event.target.value);
          onChange(event.target.value);
        }}
        onKeyDown={(event) => {
          if (isComposing(event.nativeEvent)) return;
          if (event.key === "Escape") {
            // It ends the editing, and does not stop an answer.
            event.preventDefault();
            event.stopPropagation();
            onCancel();
          }
          if (!isSendKey(event)) return;
          event.preventDefault();
          send?.();
        }}
        className="block max-h-[50dvh] w-full resize-none bg-transparent px-1 text-base leading-6 outline-none"
      />
      {tooLong !== "" && (
        <p role="alert" className="mt-1 px-1 text-[13px] text-bad">
          {tooLong}
        </p>
      )}
      <div className="mt-2 flex flex-wrap items-center justify-end gap-2">
        <p className="min-w-40 flex-1 text-xs text-ink-faint">
          {onSend === null
            ? "Wait until nothing is being written or sent."
            : `The old question and what follows it stay, one step to the side.${hasFiles ? " Its files go with the new one." : ""}`}
        </p>
        <Button small onClick={onCancel}>
          Cancel
        </Button>
        <Button small look="primary" type="submit" disabled={send === null}>
          Ask
        </Button>
      </div>
    </form>
  );
}
