/** A question or an answer of a shared chat: to read and to copy. */
import { memo } from "react";
import type { StoredMessage } from "../../src/protocol/session-frame.ts";
import { Answer } from "../chat/answer/answer-view.tsx";
import { Question } from "../chat/transcript/question-view.tsx";
import { EMPTY_ANSWER, toOutputs, toPlainText, toStoredParts } from "../session/answer-part.ts";

const NOTHING: Readonly<Record<string, boolean>> = {};

/** One message, as it was when the page was read. */
export const SharedMessage = memo(function SharedMessage({ message }: { readonly message: StoredMessage }) {
  if (message.role === "user") {
    const parts = toStoredParts(message);
    const outputs = toOutputs(parts);
    const text = toPlainText(parts);
    const isBare = text === "" && outputs.length === 0;
    return <Question text={isBare ? "(files only)" : text} outputs={outputs} files={[]} isFaint={false} />;
  }
  return (
    <Answer
      message={message}
      streamed={EMPTY_ANSWER}
      isStopping={false}
      isShared
      decided={NOTHING}
      onDecide={null}
      onAgain={null}
    />
  );
});
