/**
 * Draws only the rows of a long list that are in sight, whatever their heights: the end stays in sight while it grows
 * until the reader scrolls up, and what is loaded above moves nothing that is read. TanStack Virtual does the sums.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import type { Range, Virtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { FocusEvent, RefObject } from "react";

/** Closer than this to the end counts as being there. */
const NEAR_END_PX = 48;
/** Rows that are kept ready above and below those in sight. */
const OVERSCAN = 5;
/** Older rows are asked for when so few are left above. */
const NEAR_TOP_ROWS = 8;
/** Above the first row there is room to say that older ones are on their way; a row there would be taken for one. */
const LOADING_ROOM_PX = 56;
const TOP_ROOM_PX = 24;
/** A row that is jumped to is not glued to the edge. */
const JUMP_ROOM_PX = 16;
/** The column is no wider than lines can be read, and has this much beside it. */
const MAX_COLUMN_PX = 768;
const COLUMN_PADDING_PX = 32;

export interface ListRow {
  readonly key: string;
}

export interface RowListOptions<Row extends ListRow> {
  readonly rows: readonly Row[];
  /** The height of a row before it is measured, in a column of that width. */
  readonly guessHeight: (row: Row | undefined, widthPx: number) => number;
  readonly hasOlder: boolean;
  /** Asks for what is above; it may be called while that is under way. */
  readonly onNearTop: () => void;
}

export interface RowList {
  readonly boxRef: RefObject<HTMLDivElement | null>;
  readonly virtualizer: Virtualizer<HTMLDivElement, Element>;
  /** False once the reader has scrolled away from the end. */
  readonly isAtEnd: boolean;
  readonly toEnd: () => void;
  readonly toRow: (index: number) => void;
  /** The element of a row; null while it is not drawn. */
  readonly findElement: (index: number) => HTMLElement | null;
  /** For the element around the rows: the row that has the focus stays, however far it is scrolled away. */
  readonly onFocus: (event: FocusEvent) => void;
  readonly onBlur: () => void;
}

/** The rows around those in sight, and the one with the focus. */
function toIndexes({ startIndex, endIndex, count }: Range, focused: number | undefined): number[] {
  const from = Math.max(0, startIndex - OVERSCAN);
  const to = Math.min(count - 1, endIndex + OVERSCAN);
  const near = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  if (focused === undefined || focused >= count || (focused >= from && focused <= to)) return near;
  return focused < from ? [focused, ...near] : [...near, focused];
}

function useFocusedRow(rows: readonly ListRow[], boxRef: RefObject<HTMLDivElement | null>) {
  const [key, setKey] = useState<string | null>(null);
  const lastRef = useRef<Element | null>(null);
  useLayoutEffect(() => {
    // What had the focus is gone: a button that did its work. The list has it then, and not the page's beginning.
    if (lastRef.current?.isConnected !== false) return;
    lastRef.current = null;
    if (document.activeElement === document.body) boxRef.current?.focus({ preventScroll: true });
  });
  const index = useMemo(
    () => (key === null ? undefined : rows.findIndex((row) => row.key === key)),
    [rows, key],
  );
  const onFocus = useCallback(
    (event: FocusEvent) => {
      const row = event.target.closest("[data-index]")?.getAttribute("data-index");
      lastRef.current = event.target;
      setKey(rows[Number(row ?? Number.NaN)]?.key ?? null);
    },
    [rows],
  );
  const onBlur = useCallback(() => setKey(null), []);
  return { index: index === -1 ? undefined : index, onFocus, onBlur };
}

const toColumn = (boxPx: number): number => Math.min(boxPx, MAX_COLUMN_PX) - COLUMN_PADDING_PX;

/** True once the list has come to its end for the first time: before that it is near its top by chance. */
function useIsSettled(): boolean {
  const [isSettled, setIsSettled] = useState(false);
  useEffect(() => {
    // One frame for the scrolling, one for what is drawn after it.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => setIsSettled(true));
    });
    return () => cancelAnimationFrame(frame);
  }, []);
  return isSettled;
}

/** Whether the end is to stay in sight: until the reader scrolls up, and again once they are back there. */
function useStickToEnd(boxRef: RefObject<HTMLDivElement | null>) {
  const sticksRef = useRef(true);
  const [isAtEnd, setIsAtEnd] = useState(true);
  useLayoutEffect(() => {
    const element = boxRef.current;
    if (element === null) return undefined;
    let lastTop = element.scrollTop;
    let heightPx = element.clientHeight;
    const onScroll = (): void => {
      const leftPx = element.scrollHeight - element.scrollTop - element.clientHeight;
      // Growth never moves the top up, and a box that has just shrunk is not at its end: only a reader leaves it.
      const isSameBox = element.clientHeight === heightPx;
      if (element.scrollTop < lastTop && leftPx > NEAR_END_PX && isSameBox) sticksRef.current = false;
      if (leftPx <= NEAR_END_PX) sticksRef.current = true;
      lastTop = element.scrollTop;
      heightPx = element.clientHeight;
      setIsAtEnd(sticksRef.current);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, [boxRef]);
  return { sticksRef, isAtEnd };
}

/**
 * Begins at the end and follows the size of the box. Another width makes every measured height wrong, so that they
 * are forgotten; whoever was at the end stays there, whoever was elsewhere stays at the row they read.
 */
function useBoxSize(
  boxRef: RefObject<HTMLDivElement | null>,
  virtualizer: Virtualizer<HTMLDivElement, Element>,
  columnPxRef: RefObject<number>,
  sticksRef: RefObject<boolean>,
): void {
  useLayoutEffect(() => {
    const element = boxRef.current;
    if (element === null) return undefined;
    const follow = (): void => {
      const top = virtualizer.getVirtualItemForOffset(virtualizer.scrollOffset ?? 0);
      const isOtherColumn = toColumn(element.clientWidth) !== columnPxRef.current;
      if (isOtherColumn) {
        columnPxRef.current = toColumn(element.clientWidth);
        virtualizer.measure();
      }
      if (sticksRef.current) virtualizer.scrollToEnd();
      else if (isOtherColumn && top !== undefined) virtualizer.scrollToIndex(top.index, { align: "start" });
    };
    follow();
    const observer = new ResizeObserver(follow);
    observer.observe(element);
    // On paper all rows were drawn, and their sum is another one: the end is found again when that is over.
    const followPrint = (): void => void requestAnimationFrame(follow);
    addEventListener("afterprint", followPrint);
    return () => {
      observer.disconnect();
      removeEventListener("afterprint", followPrint);
    };
  }, [boxRef, virtualizer, columnPxRef, sticksRef]);
}

/** Put `boxRef` on the element that scrolls, and draw what `virtualizer` says inside it. */
export function useRowList<Row extends ListRow>(options: RowListOptions<Row>): RowList {
  const { rows, guessHeight, hasOlder, onNearTop } = options;
  const boxRef = useRef<HTMLDivElement>(null);
  const columnPxRef = useRef(toColumn(innerWidth));
  const focused = useFocusedRow(rows, boxRef);
  // It is one object that changes: what is read of it is read anew each time this hook is called.
  // oxlint-disable-next-line react/incompatible-library
  const virtualizer = useVirtualizer<HTMLDivElement, Element>({
    count: rows.length,
    getScrollElement: () => boxRef.current,
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    estimateSize: (index) => guessHeight(rows[index], columnPxRef.current),
    rangeExtractor: useCallback((range: Range) => toIndexes(range, focused.index), [focused.index]),
    paddingStart: hasOlder ? LOADING_ROOM_PX : TOP_ROOM_PX,
    scrollPaddingStart: JUMP_ROOM_PX,
    anchorTo: "end",
    scrollEndThreshold: NEAR_END_PX,
  });
  const { sticksRef, isAtEnd } = useStickToEnd(boxRef);
  useBoxSize(boxRef, virtualizer, columnPxRef, sticksRef);
  useLayoutEffect(() => {
    // Also what comes between rows that were there: the virtualizer follows only what is appended.
    if (sticksRef.current) virtualizer.scrollToEnd();
  }, [rows, sticksRef, virtualizer]);
  const isSettled = useIsSettled();
  const isNearTop = isSettled && hasOlder && (virtualizer.range?.startIndex ?? 0) < NEAR_TOP_ROWS;
  useEffect(() => {
    if (isNearTop) onNearTop();
    // A page that was not enough is followed by the next.
  }, [isNearTop, onNearTop, rows.length]);
  return {
    boxRef,
    virtualizer,
    isAtEnd,
    toEnd: useCallback(() => {
      sticksRef.current = true;
      virtualizer.scrollToEnd();
    }, [sticksRef, virtualizer]),
    toRow: useCallback(
      (index: number) => {
        sticksRef.current = false;
        virtualizer.scrollToIndex(index, { align: "start" });
      },
      [sticksRef, virtualizer],
    ),
    findElement: useCallback(
      (index: number) => boxRef.current?.querySelector<HTMLElement>(`[data-index="${index}"]`) ?? null,
      [],
    ),
    onFocus: focused.onFocus,
    onBlur: focused.onBlur,
  };
}
