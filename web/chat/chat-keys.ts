/** The keys that work anywhere on a chat's page. */
import { useEffect } from "react";
import { isComposing } from "../ui/composing.ts";

/** Escape empties a field for searching, and does not stop an answer with the same press. */
function isForSearch(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type === "search" && target.value !== "";
}

/** Stops the answer on Escape, unless a dialog, a panel or a field took the key. Rule WB131. */
export function useStopKey(stop: (() => void) | null): void {
  useEffect(() => {
    if (stop === null) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (
        event.key === "Escape" &&
        !event.defaultPrevented &&
        !isComposing(event) &&
        !isForSearch(event.target) &&
        document.querySelector("dialog[open]") === null
      )
        stop();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [stop]);
}

/**
 * Opens our search with the browser's own keys: the browser finds only what is drawn, and most of a long chat is not.
 * A second press, with the focus in our search, is the browser's.
 */
export function useSearchKey(open: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isFind = event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey);
      if (!isFind || event.altKey || event.shiftKey) return;
      if (document.querySelector("dialog[open]") !== null) return;
      const isInSearch = (document.activeElement?.closest("search") ?? null) !== null;
      if (isInSearch) return;
      event.preventDefault();
      open();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [open]);
}
