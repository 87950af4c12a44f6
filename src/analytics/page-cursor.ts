/**
 * Where a page of a list that is ordered by time ended: the time and the id of its last row, as one opaque text.
 * Rows that arrive meanwhile do not shift the following pages.
 */
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";

export interface PageCursor {
  readonly atMs: number;
  readonly id: string;
}

const CURSOR_SHAPE = /^(\d{1,15})\.([A-Za-z0-9_]{1,100})$/;

export function toPageCursor({ atMs, id }: PageCursor): string {
  return `${atMs}.${id}`;
}

/** Reads what a client gave back. */
export function parsePageCursor(text: string): Result<PageCursor, "invalid-cursor"> {
  const [, atMs, id] = CURSOR_SHAPE.exec(text) ?? [];
  return atMs === undefined || id === undefined
    ? fail("invalid-cursor")
    : succeed({ atMs: Number(atMs), id });
}
