/** In place of a chat that is not there, or not any more. */
import { ChatCircleSlashIcon } from "@phosphor-icons/react/dist/csr/ChatCircleSlash";
import { Link } from "wouter";
import { EmptyState } from "../ui/page-state.tsx";

/** Says what happened and leads on. */
export function Gone({ stage }: { readonly stage: "missing" | "deleted" }) {
  const title = stage === "deleted" ? "This chat was deleted" : "There is no such chat";
  const why =
    stage === "deleted"
      ? "It was deleted here or in another tab."
      : "It may have been deleted, or it belongs to somebody else.";
  return (
    <EmptyState icon={<ChatCircleSlashIcon aria-hidden size={40} />} title={title}>
      <p>{why}</p>
      <p className="mt-3">
        <Link href="/" className="font-medium text-accent underline underline-offset-2">
          Start a new chat
        </Link>
      </p>
    </EmptyState>
  );
}
