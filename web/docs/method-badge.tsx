/** An operation's method, in its colour. */
import type { Method } from "./api-document.ts";

const LOOK: Readonly<Record<Method, string>> = {
  GET: "bg-good-soft text-good",
  POST: "bg-accent-soft text-accent-strong",
  PUT: "bg-warn-soft text-warn",
  PATCH: "bg-warn-soft text-warn",
  DELETE: "bg-bad-soft text-bad",
};

/** `isSmall` for lists: as wide as the widest, so that what follows stands in line. */
export function MethodBadge({
  method,
  isSmall = false,
}: {
  readonly method: Method;
  readonly isSmall?: boolean;
}) {
  return (
    <span
      className={`inline-flex shrink-0 items-center justify-center rounded-md font-mono font-semibold ${LOOK[method]} ${isSmall ? "w-12 py-0.5 text-[10px]" : "px-2 py-1 text-xs"}`}
    >
      {isSmall && method === "DELETE" ? "DEL" : method}
    </span>
  );
}
