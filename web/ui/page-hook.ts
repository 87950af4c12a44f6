/** Small hooks that belong to no page. */
import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";

/** The time, again every `everyMs`: for countdowns and "ago". */
export function useNow(everyMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}

/** Whether a media query holds, followed as it changes. */
export function useMediaQuery(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}

/** True while the page is being printed; what follows from it is drawn before the browser looks. */
export function useIsPrinting(): boolean {
  const [isPrinting, setIsPrinting] = useState(false);
  useEffect(() => {
    const begin = (): void => flushSync(() => setIsPrinting(true));
    const end = (): void => flushSync(() => setIsPrinting(false));
    addEventListener("beforeprint", begin);
    addEventListener("afterprint", end);
    return () => {
      removeEventListener("beforeprint", begin);
      removeEventListener("afterprint", end);
    };
  }, []);
  return isPrinting;
}

/** The window's title while the component is there. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Breakwater" : `${title} · Breakwater`;
  }, [title]);
}

/** The value once it has been still for `durationMs`: for searches as one types. */
export function useSettled<Value>(value: Value, durationMs: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), durationMs);
    return () => clearTimeout(timer);
  }, [value, durationMs]);
  return settled;
}

/** The button that has the focus again once the editing is over. */
export function useFocusAfter(isEditing: boolean) {
  const buttonRef = useRef<HTMLButtonElement>(null);
  const wasEditingRef = useRef(isEditing);
  // Before the list looks for a lost focus.
  useLayoutEffect(() => {
    if (wasEditingRef.current && !isEditing && document.activeElement === document.body)
      buttonRef.current?.focus();
    wasEditingRef.current = isEditing;
  }, [isEditing]);
  return buttonRef;
}

/** The list that has the focus after an entry is gone with the button that had it; another may have moved up. */
export function useFocusAfterRemoval<Element extends HTMLElement>(ids: readonly string[]) {
  const listRef = useRef<Element>(null);
  const lastIdsRef = useRef(ids);
  useEffect(() => {
    const there = new Set(ids);
    const isOneGone = lastIdsRef.current.some((id) => !there.has(id));
    if (isOneGone && document.activeElement === document.body) listRef.current?.focus();
    lastIdsRef.current = ids;
  }, [ids]);
  return listRef;
}
