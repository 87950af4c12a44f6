/**
 * A button with a menu: arrow keys go through it, Escape and a press elsewhere close it. The menu is in the browser's
 * top layer, so that nothing it stands in cuts it off. Rule WB133.
 */
import { useEffect, useId, useRef, useState } from "react";
import type { KeyboardEvent, ReactNode } from "react";

interface MenuProps {
  /** The name of the button and of the menu. */
  readonly label: string;
  readonly button: ReactNode;
  readonly buttonClass: string;
  readonly disabled?: boolean;
  /** Buttons and links with `MENU_ITEM` as their class and `role="menuitem"`. */
  readonly children: ReactNode;
}

/** For whatever stands in a menu. */
export const MENU_ITEM =
  "flex min-h-9 w-full items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-left text-sm text-ink outline-none hover:bg-hover focus-visible:bg-hover focus-visible:outline-2 focus-visible:outline-accent";

const GAP_PX = 4;
const EDGE_PX = 8;
/** More is scrolled to: a menu is not a page. */
const MAX_HEIGHT_PX = 384;

/** Below the button, or above it where there is more room; never beyond the window. */
function place(button: HTMLElement, menu: HTMLElement): void {
  const around = button.getBoundingClientRect();
  const belowPx = innerHeight - around.bottom - GAP_PX - EDGE_PX;
  const abovePx = around.top - GAP_PX - EDGE_PX;
  const isBelow = belowPx >= Math.min(menu.scrollHeight, MAX_HEIGHT_PX, abovePx);
  const leftPx = Math.min(around.left, innerWidth - menu.offsetWidth - EDGE_PX);
  Object.assign(menu.style, {
    left: `${Math.max(EDGE_PX, leftPx)}px`,
    top: isBelow ? `${around.bottom + GAP_PX}px` : "auto",
    bottom: isBelow ? "auto" : `${innerHeight - around.top + GAP_PX}px`,
    maxHeight: `${Math.min(MAX_HEIGHT_PX, Math.max(120, isBelow ? belowPx : abovePx))}px`,
  });
}

function listItems(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
}

function onMenuKey(event: KeyboardEvent<HTMLElement>): void {
  const items = listItems(event.currentTarget);
  const at = items.findIndex((item) => item === document.activeElement);
  const to = {
    ArrowDown: items[(at + 1) % items.length],
    ArrowUp: items.at(at <= 0 ? -1 : at - 1),
    Home: items[0],
    End: items.at(-1),
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  to.focus();
}

/** Open for as long as nobody has chosen; `children` are drawn only then. */
export function Menu({ label, button, buttonClass, disabled = false, children }: MenuProps) {
  const [isOpen, setIsOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const menuId = useId();
  useEffect(() => {
    const menu = panel.current;
    const opener = trigger.current;
    if (!isOpen || menu === null || opener === null) return undefined;
    menu.showPopover();
    place(opener, menu);
    const { top } = opener.getBoundingClientRect();
    listItems(menu)[0]?.focus();
    const close = (): void => setIsOpen(false);
    const onPress = (event: PointerEvent): void => {
      const isInside = event.target instanceof Node && menu.contains(event.target);
      const isButton = event.target instanceof Node && trigger.current?.contains(event.target) === true;
      if (!isInside && !isButton) close();
    };
    // It would stay where it is while its button goes away. An answer that grows scrolls too, and moves no button.
    const onScroll = (): void => {
      if (Math.abs(opener.getBoundingClientRect().top - top) > GAP_PX) close();
    };
    document.addEventListener("pointerdown", onPress);
    document.addEventListener("scroll", onScroll, { capture: true, passive: true });
    addEventListener("resize", close);
    return () => {
      document.removeEventListener("pointerdown", onPress);
      document.removeEventListener("scroll", onScroll, { capture: true });
      removeEventListener("resize", close);
    };
  }, [isOpen]);
  const closeToButton = (): void => {
    setIsOpen(false);
    trigger.current?.focus();
  };
  return (
    <>
      <button
        ref={trigger}
        type="button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? menuId : undefined}
        disabled={disabled}
        onClick={() => setIsOpen((was) => !was)}
        className={buttonClass}
      >
        {button}
      </button>
      {isOpen && (
        <div
          ref={panel}
          id={menuId}
          popover="manual"
          role="menu"
          aria-label={label}
          tabIndex={-1}
          onKeyDown={(event) => {
            if (event.key === "Tab") setIsOpen(false);
            if (event.key === "Escape") {
              // It closes the menu, and nothing behind it hears of it.
              event.preventDefault();
              event.stopPropagation();
              closeToButton();
            }
            onMenuKey(event);
          }}
          onClick={(event) => {
            if (event.target instanceof Element && event.target.closest('[role="menuitem"]') !== null)
              closeToButton();
          }}
          className="fixed m-0 max-w-[min(20rem,calc(100vw-1rem))] min-w-44 overflow-y-auto overscroll-contain rounded-xl border border-line bg-surface p-1 text-ink shadow-float"
        >
          {children}
        </div>
      )}
    </>
  );
}
