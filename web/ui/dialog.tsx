/**
 * The browser's own modal dialog: it keeps the focus inside, gives it back, and closes on Escape and on a click
 * beside it, unless what it shows would be lost. As a drawer it slides in from the left. Rules WB103, WB104.
 */
import { useId, useLayoutEffect, useRef } from "react";
import type { MouseEvent, ReactNode } from "react";
import { ToastList } from "./toast.tsx";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly shape?: "box" | "wide" | "drawer";
  /** Only its own buttons close it. */
  readonly isKept?: boolean;
  readonly children: ReactNode;
}

const SHAPE = {
  box: "m-auto w-[min(28rem,calc(100vw-2rem))] rounded-2xl border border-line p-6 shadow-float",
  wide: "m-auto w-[min(46rem,calc(100vw-1rem))] max-h-[min(52rem,calc(100dvh-2rem))] rounded-2xl border border-line p-4 shadow-float sm:p-6",
  drawer: "m-0 h-dvh max-h-none w-[min(19rem,85vw)] max-w-none border-r border-line p-0",
} as const;

/** Its padding is the dialog's own, and so is what is beside it: only the place tells them apart. */
function isBeside({ clientX, clientY, currentTarget }: MouseEvent<HTMLElement>): boolean {
  const { left, right, top, bottom } = currentTarget.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

/** A modal dialog, open for as long as it is rendered. A drawer's title is for screen readers only. */
export function Dialog({ title, onClose, shape = "box", isKept = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const wasPressedBeside = useRef(false);
  const titleId = useId();
  // Closed while it is still in the page: then the browser gives the focus back to where it was.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // Whatever took the focus may stand far below: it is read from its title on.
    element?.scrollTo(0, 0);
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        // React decides when it closes; the browser only asks.
        event.preventDefault();
        if (!isKept) onClose();
      }}
      onKeyDown={(event) => {
        // A browser asks once, and closes at the second Escape without a question.
        if (isKept && event.key === "Escape") event.preventDefault();
      }}
      onClose={({ currentTarget }) => {
        // Some other way of the browser's: a phone's key for going back.
        if (isKept && !currentTarget.open) currentTarget.showModal();
      }}
      onPointerDown={(event) => {
        wasPressedBeside.current = event.target === event.currentTarget && isBeside(event);
      }}
      onClick={(event) => {
        // Begun and ended beside it: whoever marks text in a field may let go anywhere.
        const isMeant = wasPressedBeside.current && event.target === event.currentTarget;
        if (!isKept && isMeant && isBeside(event)) onClose();
      }}
      className={`bg-surface text-ink ${SHAPE[shape]}`}
    >
      <h2
        id={titleId}
        className={shape === "drawer" ? "sr-only" : "mb-3 text-lg font-semibold tracking-tight"}
      >
        {title}
      </h2>
      {children}
      <ToastList />
    </dialog>
  );
}
