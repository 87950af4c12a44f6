/** Says whether what is on the page is live. */
import type { Connection } from "../session/chat-state.ts";

const LOOK: Record<Connection, { readonly text: string; readonly dot: string; readonly pill: string }> = {
  connecting: { text: "Connecting", dot: "bg-ink-faint animate-pulse", pill: "text-ink-soft" },
  live: { text: "Live", dot: "bg-good", pill: "text-good" },
  reconnecting: { text: "Reconnecting", dot: "bg-warn animate-pulse", pill: "text-warn" },
  offline: { text: "Offline", dot: "bg-bad", pill: "text-bad" },
};

/** A pill with a word and a dot; `presence` is how many pages are on the chat, this one included. */
export function LivePill({
  connection,
  presence = 1,
}: {
  readonly connection: Connection;
  readonly presence?: number;
}) {
  const { text, dot, pill } = LOOK[connection];
  const others = connection === "live" && presence > 1 ? ` · ${presence} open` : "";
  return (
    <p
      role="status"
      aria-label={`Connection: ${text.toLowerCase()}`}
      title={others === "" ? text : `${presence} tabs or people have this chat open`}
      className={`inline-flex h-7 shrink-0 items-center gap-1.5 rounded-full border border-line bg-surface px-2.5 text-xs font-medium whitespace-nowrap print:hidden ${pill}`}
    >
      <span aria-hidden className={`size-2 rounded-full ${dot}`} />
      {text}
      {others}
    </p>
  );
}
