/** Keeps a scrolled box at its end while it grows, until the reader scrolls up; then it leaves them alone. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { RefObject } from "react";

/** Closer than this to the end counts as being there. */
const NEAR_PX = 48;

export interface StickToBottom {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly content: RefObject<HTMLDivElement | null>;
  /** False once the reader has scrolled away from the end. */
  readonly isAtEnd: boolean;
  readonly jumpToEnd: () => void;
}

/** Put `box` on the element that scrolls and `content` on the one that grows inside it. */
export function useStickToBottom(): StickToBottom {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const sticks = useRef(true);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const jumpToEnd = useCallback(() => {
    sticks.current = true;
    setIsAtEnd(true);
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, []);
  useEffect(() => {
    const scroller = box.current;
    const inner = content.current;
    if (scroller === null || inner === null) return undefined;
    let lastTop = scroller.scrollTop;
    const onScroll = (): void => {
      const leftPx = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
      // Growth never moves the top; only a reader scrolls up.
      if (scroller.scrollTop < lastTop && leftPx > NEAR_PX) sticks.current = false;
      if (leftPx <= NEAR_PX) sticks.current = true;
      lastTop = scroller.scrollTop;
      setIsAtEnd(sticks.current);
    };
    const observer = new ResizeObserver(() => {
      if (sticks.current) scroller.scrollTop = scroller.scrollHeight;
    });
    scroller.addEventListener("scroll", onScroll, { passive: true });
    observer.observe(inner);
    observer.observe(scroller);
    return () => {
      scroller.removeEventListener("scroll", onScroll);
      observer.disconnect();
    };
  }, []);
  return { box, content, isAtEnd, jumpToEnd };
}
