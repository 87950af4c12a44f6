/** Asks before a chat is deleted, and deletes it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { deleteSession } from "../../api.ts";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { useToaster } from "../../ui/toast.tsx";
import { forgetModelChoice } from "../composer/model-choice.ts";
import { dropSession } from "./session-list.ts";

interface DeleteChatProps {
  readonly sessionId: string;
  readonly title: string;
  /** The chat that is open now leads to the first page once it is gone. */
  readonly isCurrent: boolean;
  readonly onClose: () => void;
}

/** The dialog. */
export function DeleteChat({ sessionId, title, isCurrent, onClose }: DeleteChatProps) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const { say } = useToaster();
  const remove = useMutation({
    mutationFn: () => deleteSession(sessionId),
    onSuccess: async () => {
      forgetModelChoice(sessionId);
      if (isCurrent) navigate("/");
      say("The chat was deleted.");
      onClose();
      await dropSession(client, sessionId);
    },
  });
  return (
    <ConfirmDialog
      title="Delete this chat?"
      text={`“${title}” and all its answers will be gone for good.`}
      action="Delete"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
