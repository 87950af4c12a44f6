/** What can be done with a whole chat: rename, share, take home as a file, delete. */
import { lazy, Suspense, useState } from "react";
import { DotsThreeVerticalIcon } from "@phosphor-icons/react/dist/csr/DotsThreeVertical";
import { FileTextIcon } from "@phosphor-icons/react/dist/csr/FileText";
import { BracketsCurlyIcon } from "@phosphor-icons/react/dist/csr/BracketsCurly";
import { PencilSimpleIcon } from "@phosphor-icons/react/dist/csr/PencilSimple";
import { ShareNetworkIcon } from "@phosphor-icons/react/dist/csr/ShareNetwork";
import { TrashIcon } from "@phosphor-icons/react/dist/csr/Trash";
import { toExportPath } from "../../api.ts";
import { Menu, MENU_ITEM } from "../../ui/menu.tsx";
import { DeleteChat } from "./delete-chat.tsx";

const ShareDialog = lazy(async () => ({ default: (await import("../share-dialog.tsx")).ShareDialog }));

interface ChatMenuProps {
  readonly sessionId: string;
  readonly title: string;
  readonly onRename: () => void;
}

interface ItemProps {
  readonly text: string;
  readonly Icon: typeof TrashIcon;
  readonly isDanger?: boolean;
  readonly onChoose: () => void;
}

function Item({ text, Icon, isDanger = false, onChoose }: ItemProps) {
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      onClick={onChoose}
      className={`${MENU_ITEM} ${isDanger ? "text-bad!" : ""}`}
    >
      <Icon aria-hidden size={18} className="shrink-0" />
      {text}
    </button>
  );
}

function ExportItem({
  sessionId,
  format,
}: {
  readonly sessionId: string;
  readonly format: "markdown" | "json";
}) {
  const Icon = format === "json" ? BracketsCurlyIcon : FileTextIcon;
  return (
    <a role="menuitem" tabIndex={-1} href={toExportPath(sessionId, format)} download className={MENU_ITEM}>
      <Icon aria-hidden size={18} className="shrink-0" />
      {format === "json" ? "Export as JSON" : "Export as Markdown"}
    </a>
  );
}

/** A button with a menu, and the dialogs behind it. */
export function ChatMenu({ sessionId, title, onRename }: ChatMenuProps) {
  const [dialog, setDialog] = useState<"share" | "delete" | null>(null);
  const close = (): void => setDialog(null);
  return (
    <>
      <Menu
        label="Chat menu"
        button={<DotsThreeVerticalIcon aria-hidden size={20} weight="bold" />}
        buttonClass="inline-flex size-10 shrink-0 items-center justify-center rounded-lg text-ink-soft transition-colors hover:bg-hover hover:text-ink"
      >
        <Item text="Rename" Icon={PencilSimpleIcon} onChoose={onRename} />
        <Item text="Share…" Icon={ShareNetworkIcon} onChoose={() => setDialog("share")} />
        <ExportItem sessionId={sessionId} format="markdown" />
        <ExportItem sessionId={sessionId} format="json" />
        <div role="separator" className="my-1 h-px bg-line" />
        <Item text="Delete…" Icon={TrashIcon} isDanger onChoose={() => setDialog("delete")} />
      </Menu>
      {dialog === "share" && (
        <Suspense fallback={null}>
          <ShareDialog sessionId={sessionId} onClose={close} />
        </Suspense>
      )}
      {dialog === "delete" && <DeleteChat sessionId={sessionId} title={title} isCurrent onClose={close} />}
    </>
  );
}
