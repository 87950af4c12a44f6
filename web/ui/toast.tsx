/** Short messages at the top of the page, read out by screen readers. They go away by themselves. */
import { createContext, useCallback, useContext, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import { CheckCircleIcon } from "@phosphor-icons/react/dist/csr/CheckCircle";
import { WarningCircleIcon } from "@phosphor-icons/react/dist/csr/WarningCircle";

type Tone = "good" | "bad";
interface Toast {
  readonly id: number;
  readonly tone: Tone;
  readonly text: string;
}
interface Toaster {
  readonly say: (text: string) => void;
  readonly complain: (text: string) => void;
}

/** Long enough to read two lines. */
const SHOWN_MS = 5_000;
/** More would cover the page; the oldest goes. */
const MAX_SHOWN = 3;

const Context = createContext<Toaster>({ say: () => undefined, complain: () => undefined });
const Shown = createContext<readonly Toast[]>([]);

/** How a component says something: `say` when it went well, `complain` when it did not. */
export function useToaster(): Toaster {
  return useContext(Context);
}

/**
 * What is being said. The page has one, and each modal dialog too, in the same place: a dialog is above everything of
 * the page, and nothing behind it is read out. Rule WB125.
 */
export function ToastList() {
  const toasts = useContext(Shown);
  return (
    <div
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 top-3 z-50 flex flex-col items-center gap-2 px-4 print:hidden"
    >
      {toasts.map(({ id, tone, text }) => (
        <p
          key={id}
          className="pointer-events-auto flex max-w-md items-start gap-2 rounded-xl border border-line bg-surface px-4 py-3 text-sm shadow-float"
        >
          {tone === "good" ? (
            <CheckCircleIcon aria-hidden size={18} weight="fill" className="mt-px shrink-0 text-good" />
          ) : (
            <WarningCircleIcon aria-hidden size={18} weight="fill" className="mt-px shrink-0 text-bad" />
          )}
          {text}
        </p>
      ))}
    </div>
  );
}

/** Shows what the components under it say. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const nextId = useRef(1);
  const add = useCallback((tone: Tone, text: string) => {
    const id = nextId.current;
    nextId.current += 1;
    setToasts((shown) => [...shown, { id, tone, text }].slice(-MAX_SHOWN));
    setTimeout(() => setToasts((shown) => shown.filter((toast) => toast.id !== id)), SHOWN_MS);
  }, []);
  const toaster = useMemo<Toaster>(
    () => ({ say: (text) => add("good", text), complain: (text) => add("bad", text) }),
    [add],
  );
  return (
    <Context value={toaster}>
      <Shown value={toasts}>
        {children}
        <ToastList />
      </Shown>
    </Context>
  );
}
