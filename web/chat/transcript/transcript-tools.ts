/** What the rows of a transcript can do and know beside what stands in them. */
import { createContext, useContext } from "react";
import type { ModelCatalog } from "../../../src/protocol/model-list.ts";
import type { PendingFile } from "../../session/pending-send.ts";
import type { ChatStore } from "../../session/transport.ts";
import type { ChatActions } from "../../session/use-chat-session.ts";

export interface TranscriptTools {
  readonly store: ChatStore;
  readonly actions: ChatActions;
  /** Another branch may begin or be shown now. */
  readonly mayBranch: boolean;
  readonly isLive: boolean;
  /** What the composer would ask now. */
  readonly model: string;
  readonly catalog: ModelCatalog | undefined;
  /** The question that is being changed; empty when none is. */
  readonly editingId: string;
  readonly edit: (messageId: string) => void;
  /** Texts that are being changed, by question: a row may go out of sight and come back. */
  readonly drafts: Map<string, string>;
  /** To go on typing. */
  readonly focusComposer: () => void;
  /** Puts a question that was taken back where it was typed, unless something else stands there. */
  readonly giveBack: (text: string, files: readonly PendingFile[]) => void;
}

export const TranscriptContext = createContext<TranscriptTools | null>(null);

export function useTranscriptTools(): TranscriptTools {
  const tools = useContext(TranscriptContext);
  if (tools === null) throw new Error("a row of a transcript stands outside of one");
  return tools;
}
