/** A question on its way: typed without a connection, waiting for room, or refused. Nothing of it is lost meanwhile. */
import { WarningCircleIcon } from "@phosphor-icons/react/dist/csr/WarningCircle";
import type { PendingSend } from "../../session/pending-send.ts";
import { Button } from "../../ui/button.tsx";
import { Question } from "./question-view.tsx";
import { useTranscriptTools } from "./transcript-tools.ts";

function toNote({ sent }: PendingSend, isLive: boolean): string {
  if (!isLive) return "Waiting for the connection. It is sent once it is back.";
  return sent ? "Sending…" : "Waits until the answers above are there.";
}

/** The question with what becomes of it. */
export function PendingRow({ pending }: { readonly pending: PendingSend }) {
  const { actions, isLive, giveBack } = useTranscriptTools();
  const { messageId, text, files, refusal, sent } = pending;
  const takeBack = (): void => {
    actions.takeBack(messageId);
    giveBack(text, files);
  };
  if (refusal !== null) {
    return (
      <Question text={text} files={files} isFaint>
        <div role="alert" className="flex flex-wrap items-center justify-end gap-2 text-[13px] text-bad">
          <p>
            <WarningCircleIcon aria-hidden size={15} weight="fill" className="mr-1 inline align-[-2px]" />
            <span className="font-semibold">Not sent.</span> {refusal}
          </p>
          <Button small onClick={takeBack}>
            Take back
          </Button>
          <Button small look="primary" onClick={() => actions.sendAgain(messageId)}>
            Send again
          </Button>
        </div>
      </Question>
    );
  }
  return (
    <Question text={text} files={files} isFaint>
      <div className="flex min-h-8 items-center gap-2 text-xs text-ink-faint">
        <p>{toNote(pending, isLive)}</p>
        {(!isLive || !sent) && (
          <Button small onClick={takeBack}>
            Take back
          </Button>
        )}
      </div>
    </Question>
  );
}
