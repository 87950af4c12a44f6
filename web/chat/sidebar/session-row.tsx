/** One chat in the list: a link, with renaming and deleting beside it. */
import { useState } from "react";
import { PencilSimpleIcon } from "@phosphor-icons/react/dist/csr/PencilSimple";
import { TrashIcon } from "@phosphor-icons/react/dist/csr/Trash";
import { Link } from "wouter";
import type { SessionSummary } from "../../../src/protocol/session-api.ts";
import { IconButton } from "../../ui/button.tsx";
import { useFocusAfter } from "../../ui/page-hook.ts";
import { DeleteChat } from "./delete-chat.tsx";
import { useLiveTitle } from "./live-title.ts";
import { TitleField } from "./session-title.tsx";

interface SessionRowProps {
  readonly session: SessionSummary;
  readonly isCurrent: boolean;
  /** Called when a chat was chosen, so that a drawer can close. */
  readonly onChoose: () => void;
}

/** A row; the buttons appear on hover and focus, and are always there where nothing hovers. */
export function SessionRow({ session: stored, isCurrent, onChoose }: SessionRowProps) {
  const liveTitle = useLiveTitle(stored.id);
  const session = liveTitle === "" ? stored : { ...stored, title: liveTitle };
  const [mode, setMode] = useState<"rest" | "rename" | "delete">("rest");
  const rest = (): void => setMode("rest");
  const renameRef = useFocusAfter(mode === "rename");
  if (mode === "rename") {
    return (
      <li className="flex h-10 items-center px-1">
        <TitleField sessionId={session.id} title={session.title} onDone={rest} />
      </li>
    );
  }
  return (
    <li
      className={`group flex h-10 items-center rounded-lg ${isCurrent ? "bg-accent-soft" : "hover:bg-hover"}`}
    >
      <Link
        href={`/c/${session.id}`}
        aria-current={isCurrent ? "page" : undefined}
        onClick={onChoose}
        className="flex h-full min-w-0 flex-1 items-center rounded-lg pl-2.5 text-sm"
      >
        <span className="truncate">{session.title}</span>
      </Link>
      <div className="flex w-0 overflow-hidden group-focus-within:w-16 group-hover:w-16 [@media(hover:none)]:w-16">
        <IconButton ref={renameRef} small label={`Rename ${session.title}`} onClick={() => setMode("rename")}>
          <PencilSimpleIcon aria-hidden size={16} />
        </IconButton>
        <IconButton small label={`Delete ${session.title}`} onClick={() => setMode("delete")}>
          <TrashIcon aria-hidden size={16} />
        </IconButton>
      </div>
      {mode === "delete" && (
        <DeleteChat sessionId={session.id} title={session.title} isCurrent={isCurrent} onClose={rest} />
      )}
    </li>
  );
}
