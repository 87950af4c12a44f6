/** An answer in a live chat, from its first word on: it can be asked for anew, and has its branches. */
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import { useStreamedAnswer } from "../../session/use-chat-session.ts";
import type { SettledTurn } from "../../session/settled-chat.ts";
import { AgainMenu } from "./again-menu.tsx";
import { Answer } from "./answer-view.tsx";
import { BranchSwitch } from "./branch-switch.tsx";
import type { BranchPlace } from "../transcript/transcript-row.ts";
import { useTranscriptTools } from "../transcript/transcript-tools.ts";

interface AnswerRowProps {
  readonly messageId: string;
  /** Null while it is being written. */
  readonly message: StoredMessage | null;
  /** The turn that runs, for the answer that is being written. */
  readonly running: SettledTurn | null;
  readonly place: BranchPlace | null;
}

const NOTHING: Readonly<Record<string, boolean>> = {};

/** One component for the answer that grows and the one that is stored, so that nothing is drawn twice at its end. */
export function AnswerRow({ messageId, message, running, place }: AnswerRowProps) {
  const { store, actions, mayBranch, isLive, model, catalog } = useTranscriptTools();
  const streamed = useStreamedAnswer(store, message === null);
  const requested = message?.metadata?.requested[0] ?? "";
  const again = (next: string): void => actions.answerAgain(messageId, next);
  return (
    <Answer
      message={message}
      streamed={streamed}
      isStopping={running?.stopping === true}
      decided={running?.decided ?? NOTHING}
      onDecide={isLive ? actions.decideTool : null}
      onAgain={mayBranch ? () => again(requested === "" ? model : requested) : null}
    >
      {place !== null && (
        <BranchSwitch
          place={place}
          what="answer"
          onSelect={mayBranch && isLive ? actions.selectBranch : null}
        />
      )}
      {message !== null && (
        <AgainMenu
          requested={requested}
          chosen={model}
          catalog={catalog}
          onAgain={mayBranch ? again : null}
        />
      )}
    </Answer>
  );
}
