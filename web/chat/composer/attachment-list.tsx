/** The files beside a question that is being typed: pictures small, texts by name, each with its way out. */
import { ArrowClockwiseIcon } from "@phosphor-icons/react/dist/csr/ArrowClockwise";
import { FileTextIcon } from "@phosphor-icons/react/dist/csr/FileText";
import { WarningCircleIcon } from "@phosphor-icons/react/dist/csr/WarningCircle";
import { XIcon } from "@phosphor-icons/react/dist/csr/X";
import { IconButton } from "../../ui/button.tsx";
import { formatBytes } from "../../ui/format.ts";
import type { Attachment, Attachments } from "./use-attachments.ts";

function Progress({ attachment }: { readonly attachment: Attachment }) {
  const { name, progress, state } = attachment;
  if (state !== "uploading") return null;
  const percent = Math.round(progress * 100);
  return (
    <div
      role="progressbar"
      aria-label={`Uploading ${name}`}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className="absolute inset-x-0 bottom-0 h-1 bg-line"
    >
      <div style={{ width: `${percent}%` }} className="h-full bg-accent transition-[width]" />
    </div>
  );
}

function toStateText({ state, errorText, file }: Attachment): string {
  if (state === "failed") return errorText;
  if (state === "uploading") return "Uploading…";
  return file === null ? "Attached" : formatBytes(file.size);
}

function Chip({
  attachment,
  attachments,
}: {
  readonly attachment: Attachment;
  readonly attachments: Attachments;
}) {
  const { id, name, previewUrl, state } = attachment;
  const isFailed = state === "failed";
  return (
    <li
      className={`relative flex min-h-12 min-w-0 items-center gap-2 overflow-hidden rounded-xl border pr-1 text-[13px] ${isFailed ? "w-full border-bad bg-bad-soft" : "max-w-60 border-line bg-sunken"}`}
    >
      {previewUrl === "" ? (
        <span className="flex size-12 shrink-0 items-center justify-center text-ink-faint">
          <FileTextIcon aria-hidden size={22} />
        </span>
      ) : (
        <img src={previewUrl} alt="" className="size-12 shrink-0 object-cover" />
      )}
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{name}</span>
        <span
          role={isFailed ? "alert" : undefined}
          className={`block text-xs ${isFailed ? "text-bad" : "truncate text-ink-faint"}`}
        >
          {isFailed && <WarningCircleIcon aria-hidden size={12} className="mr-1 inline" />}
          {toStateText(attachment)}
        </span>
      </span>
      {isFailed && (
        <IconButton small label={`Upload ${name} again`} onClick={() => attachments.retry(id)}>
          <ArrowClockwiseIcon aria-hidden size={15} />
        </IconButton>
      )}
      <IconButton small label={`Remove ${name}`} onClick={() => attachments.remove(id)}>
        <XIcon aria-hidden size={15} />
      </IconButton>
      <Progress attachment={attachment} />
    </li>
  );
}

/** Nothing while there are none. */
export function AttachmentList({ attachments }: { readonly attachments: Attachments }) {
  if (attachments.list.length === 0) return null;
  return (
    <ul aria-label="Attached files" className="flex flex-wrap gap-2 px-1 pb-2">
      {attachments.list.map((attachment) => (
        <Chip key={attachment.id} attachment={attachment} attachments={attachments} />
      ))}
    </ul>
  );
}
