/** Brings a message that was looked for into sight once it is loaded, and marks in it what was searched for. */
import { useEffect, useState } from "react";
import type { Jump } from "../../session/chat-state.ts";
import { clearHighlights, highlightText } from "./text-highlight.ts";
import { findRow } from "../transcript/transcript-row.ts";
import type { TranscriptRow } from "../transcript/transcript-row.ts";
import type { RowList } from "../transcript/use-row-list.ts";

/** So long a row may take to be drawn and to come to rest: heights are measured on the way. */
const MAX_FRAMES = 40;
/** Where the found words are put, from the top of the box. */
const SHOWN_AT = 0.3;

interface FoundMessageOptions {
  readonly jump: Jump | null;
  readonly rows: readonly TranscriptRow[];
  readonly list: RowList;
  /** What was searched for; empty when nobody searches. */
  readonly query: string;
  readonly onEnd: () => void;
}

/** Scrolls so that the range stands well in sight, unless it does already. */
function showRange(box: HTMLElement, range: Range): void {
  const around = box.getBoundingClientRect();
  const place = range.getBoundingClientRect();
  const isSeen = place.top >= around.top + 24 && place.bottom <= around.bottom - 24;
  if (!isSeen) box.scrollBy({ top: place.top - around.top - around.height * SHOWN_AT });
}

/** The id of the message that was found last; it is marked until another one is, or the search ends. */
export function useFoundMessage({ jump, rows, list, query, onEnd }: FoundMessageOptions): string {
  const [foundId, setFoundId] = useState("");
  const { boxRef, toRow, findElement } = list;
  useEffect(() => {
    if (jump?.phase !== "found") return undefined;
    const index = findRow(rows, jump.messageId);
    if (index === -1) return undefined;
    toRow(index);
    let frames = 0;
    let lastTop = Number.NaN;
    const look = (): void => {
      frames += 1;
      const element = findElement(index);
      const top = element?.getBoundingClientRect().top ?? Number.NaN;
      // Drawn, and where it was a frame ago: the scrolling has come to rest.
      const isAtRest = element !== null && Math.abs(top - lastTop) < 1 && frames > 3;
      lastTop = top;
      if (!isAtRest && frames < MAX_FRAMES) {
        handle = requestAnimationFrame(look);
        return;
      }
      setFoundId(jump.messageId);
      const range = element === null ? null : highlightText(element, query);
      if (range !== null && boxRef.current !== null) showRange(boxRef.current, range);
      onEnd();
    };
    let handle = requestAnimationFrame(look);
    return () => cancelAnimationFrame(handle);
  }, [jump, rows, query, boxRef, toRow, findElement, onEnd]);
  const isSearching = query !== "";
  useEffect(() => {
    if (!isSearching) clearHighlights();
  }, [isSearching]);
  useEffect(() => clearHighlights, []);
  return isSearching ? foundId : "";
}
