/** A panel beside its button: closes on Escape, on a press elsewhere and when the focus leaves. */
import { useEffect, useId, useRef, useState } from "react";
import type { ReactNode } from "react";
import { isComposing } from "./composing.ts";

interface PopoverProps {
  /** The name of the button and of the panel. */
  readonly label: string;
  readonly button: ReactNode;
  readonly buttonClass: string;
  /** Where the panel goes, as classes. */
  readonly panelClass: string;
  /** For menus: a press on a button in the panel closes it. */
  readonly closesOnChoice?: boolean;
  readonly children: ReactNode;
}

/** A button and, while open, its panel. Focus goes into the panel and comes back to the button. */
export function Popover({
  label,
  button,
  buttonClass,
  panelClass,
  closesOnChoice = false,
  children,
}: PopoverProps) {
  const [isOpen, setIsOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const panelId = useId();
  const close = (): void => {
    setIsOpen(false);
    trigger.current?.focus();
  };
  useEffect(() => {
    if (!isOpen) return undefined;
    const onPress = (event: PointerEvent): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setIsOpen(false);
    };
    document.addEventListener("pointerdown", onPress);
    return () => document.removeEventListener("pointerdown", onPress);
  }, [isOpen]);
  return (
    <div
      ref={root}
      className="relative min-w-0"
      onKeyDown={(event) => {
        if (!isOpen || event.key !== "Escape" || isComposing(event.nativeEvent)) return;
        event.stopPropagation();
        close();
      }}
      onBlur={(event) => {
        const next = event.relatedTarget;
        if (next instanceof Node && !event.currentTarget.contains(next)) setIsOpen(false);
      }}
    >
      <button
        ref={trigger}
        type="button"
        aria-label={label}
        aria-expanded={isOpen}
        aria-haspopup="dialog"
        aria-controls={isOpen ? panelId : undefined}
        onClick={() => setIsOpen((was) => !was)}
        className={buttonClass}
      >
        {button}
      </button>
      {isOpen && (
        <div
          id={panelId}
          role="dialog"
          aria-label={label}
          onClick={(event) => {
            if (closesOnChoice && event.target instanceof Element && event.target.closest("button") !== null)
              close();
          }}
          className={`absolute z-30 rounded-2xl border border-line bg-surface shadow-float ${panelClass}`}
        >
          {children}
        </div>
      )}
    </div>
  );
}
