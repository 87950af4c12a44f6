/** A stored question in a live chat: it can be copied, changed, taken back while it waits, and has its branches. */
import { PencilSimpleIcon } from "@phosphor-icons/react/dist/csr/PencilSimple";
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import { toFiles, toOutputs, toPlainText, toStoredParts } from "../../session/answer-part.ts";
import type { ViewFile } from "../../session/answer-part.ts";
import type { PendingFile } from "../../session/pending-send.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { useFocusAfter } from "../../ui/page-hook.ts";
import { BranchSwitch } from "../answer/branch-switch.tsx";
import { QuestionEditor } from "./question-editor.tsx";
import { Question } from "./question-view.tsx";
import type { BranchPlace } from "./transcript-row.ts";
import { useTranscriptTools } from "./transcript-tools.ts";

/** Shown to whoever points at the question or has the focus in it, and always where nothing hovers. */
const ON_HOVER =
  "opacity-0 transition-opacity group-focus-within/question:opacity-100 group-hover/question:opacity-100 [@media(hover:none)]:opacity-100";

interface QuestionRowProps {
  readonly message: StoredMessage;
  readonly place: BranchPlace | null;
  readonly waits: boolean;
}

interface QuestionText {
  readonly text: string;
  readonly files: readonly ViewFile[];
}

const toPendingFile = ({ mediaType, filename, url }: ViewFile): PendingFile => ({ mediaType, filename, url });

function Editor({ message, text, files }: QuestionText & { readonly message: StoredMessage }) {
  const { actions, mayBranch, model, drafts, edit, focusComposer } = useTranscriptTools();
  const { id } = message;
  const close = (): void => {
    drafts.delete(id);
    edit("");
  };
  const send = (next: string): void => {
    close();
    if (next === text) return;
    actions.edit(id, next, files.map(toPendingFile), model);
    focusComposer();
  };
  return (
    <QuestionEditor
      firstText={drafts.get(id) ?? text}
      hasFiles={files.length > 0}
      onChange={(next) => drafts.set(id, next)}
      onSend={mayBranch ? send : null}
      onCancel={close}
    />
  );
}

function WaitingFoot({ message, text, files }: QuestionText & { readonly message: StoredMessage }) {
  const { actions, isLive, giveBack } = useTranscriptTools();
  return (
    <div className="flex items-center gap-2 text-xs text-ink-faint">
      <p>Waits for the answer above.</p>
      <Button
        small
        disabled={!isLive}
        onClick={() => {
          actions.takeBack(message.id);
          giveBack(text, files.map(toPendingFile));
        }}
      >
        Take back
      </Button>
    </div>
  );
}

/** A question with what can be done with it. */
export function QuestionRow({ message, place, waits }: QuestionRowProps) {
  const { actions, mayBranch, isLive, editingId, edit } = useTranscriptTools();
  const editButtonRef = useFocusAfter(editingId === message.id);
  const parts = toStoredParts(message);
  const text = toPlainText(parts);
  const files = toFiles(parts);
  const outputs = toOutputs(parts);
  if (editingId === message.id) return <Editor message={message} text={text} files={files} />;
  return (
    <Question text={text} outputs={outputs} files={files} isFaint={waits}>
      {waits ? (
        <WaitingFoot message={message} text={text} files={files} />
      ) : (
        <div className="-mb-5 flex min-h-8 items-center">
          <div className={`flex ${ON_HOVER}`}>
            {text !== "" && <CopyButton label="Copy question" read={() => text} />}
            {/* What a program's tools gave is not a person's to change. */}
            {outputs.length === 0 && (
              <IconButton
                ref={editButtonRef}
                small
                label="Edit question"
                disabled={!mayBranch}
                onClick={() => edit(message.id)}
              >
                <PencilSimpleIcon aria-hidden size={16} />
              </IconButton>
            )}
          </div>
          {place !== null && (
            <BranchSwitch
              place={place}
              what="question"
              onSelect={mayBranch && isLive ? actions.selectBranch : null}
            />
          )}
        </div>
      )}
    </Question>
  );
}
