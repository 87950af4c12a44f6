/** Asks before something that cannot be undone. Rule WB108. */
import { toErrorText } from "../api.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

interface ConfirmDialogProps {
  readonly title: string;
  readonly text: string;
  /** The word on the button that does it. */
  readonly action: string;
  readonly busy: boolean;
  /** Why it was not done; said here, since nothing behind an open dialog is read out. */
  readonly error: Error | null;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** A question with a way back, which has the focus. */
export function ConfirmDialog({ title, text, action, busy, error, onConfirm, onClose }: ConfirmDialogProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="text-ink-soft">{text}</p>
      {error !== null && (
        <p role="alert" className="mt-3 text-sm text-bad">
          {toErrorText(error)}
        </p>
      )}
      <div className="mt-6 flex justify-end gap-2">
        <Button onClick={onClose} autoFocus>
          Cancel
        </Button>
        <Button look="danger" disabled={busy} onClick={onConfirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
