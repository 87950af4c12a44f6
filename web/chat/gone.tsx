/** In place of a chat that is not there, or not any more. */
import { ChatCircleSlashIcon } from "@phosphor-icons/react/dist/csr/ChatCircleSlash";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { readTyped, rescueTyped } from "../session/rescue-typed.ts";
import { EmptyState } from "../ui/page-state.tsx";

interface GoneProps {
  readonly stage: "missing" | "deleted";
  readonly sessionId: string;
}

/** Says what happened and leads on. */
export function Gone({ stage, sessionId }: GoneProps) {
  const [isTyped] = useState(() => readTyped(sessionStorage, sessionId) !== "");
  useEffect(() => rescueTyped(sessionStorage, sessionId), [sessionId]);
  const title = stage === "deleted" ? "This chat was deleted" : "There is no such chat";
  const why =
    stage === "deleted"
      ? "It was deleted here or in another tab."
      : "It may have been deleted, or it belongs to somebody else.";
  return (
    <EmptyState icon={<ChatCircleSlashIcon aria-hidden size={40} />} title={title}>
      <p>{why}</p>
      {isTyped && <p className="mt-1">What you had typed stands in the box of a new chat.</p>}
      <p className="mt-3">
        <Link href="/" className="font-medium text-accent underline underline-offset-2">
          Start a new chat
        </Link>
      </p>
    </EmptyState>
  );
}
