/**
 * The browser's own modal dialog: it keeps the focus inside, gives it back, and closes on Escape and on a click
 * beside it. As a drawer it slides in from the left.
 */
import { useId, useLayoutEffect, useRef } from "react";
import type { ReactNode } from "react";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly shape?: "box" | "wide" | "drawer";
  readonly children: ReactNode;
}

const SHAPE = {
  box: "m-auto w-[min(28rem,calc(100vw-2rem))] rounded-2xl border border-line p-6 shadow-float",
  wide: "m-auto w-[min(46rem,calc(100vw-1rem))] max-h-[min(52rem,calc(100dvh-2rem))] rounded-2xl border border-line p-4 shadow-float sm:p-6",
  drawer: "m-0 h-dvh max-h-none w-[min(19rem,85vw)] max-w-none border-r border-line p-0",
} as const;

/** A modal dialog, open for as long as it is rendered. A drawer's title is for screen readers only. */
export function Dialog({ title, onClose, shape = "box", children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // Closed while it is still in the page: then the browser gives the focus back to where it was.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        // React decides when it closes; the browser only asks.
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
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
    </dialog>
  );
}
