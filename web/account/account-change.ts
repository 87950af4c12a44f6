/**
 * Tells the other tabs of this browser that somebody signed in or out, and hears it from them: the cookie is shared,
 * what a tab has read is not. Rule WB106.
 */
const NAME = "breakwater.account";

let channel: BroadcastChannel | null = null;

/** One for the whole tab: it does not hear itself. */
function openChannel(): BroadcastChannel {
  channel ??= new BroadcastChannel(NAME);
  return channel;
}

/** For whoever has just signed in or out. */
export function tellAccountChange(): void {
  openChannel().postMessage(null);
}

/** Calls back when another tab has told of a change; the result ends that. */
export function onAccountChange(listener: () => void): () => void {
  const heard = openChannel();
  heard.addEventListener("message", listener);
  return () => heard.removeEventListener("message", listener);
}
