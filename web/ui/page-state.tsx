/** What a page shows when it has nothing else: an error with a way on, or a line that says what is missing. */
import type { ReactNode } from "react";
import { WarningIcon } from "@phosphor-icons/react/dist/csr/Warning";
import { ApiError, toErrorText } from "../api.ts";
import { Button } from "./button.tsx";

/** An error in place of the content, with the request id that the log knows it by. */
export function ErrorState({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <div role="alert" className="card mx-auto flex max-w-md flex-col items-center gap-3 p-8 text-center">
      <WarningIcon aria-hidden size={28} className="text-warn" />
      <p>{toErrorText(error)}</p>
      {requestId !== null && <p className="font-mono text-xs text-ink-faint">{requestId}</p>}
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}

/** Nothing to show, and why. */
export function EmptyState({
  icon,
  title,
  children,
}: {
  readonly icon: ReactNode;
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-center gap-2 px-4 py-14 text-center">
      <div className="mb-1 text-accent">{icon}</div>
      <p className="font-medium">{title}</p>
      <div className="text-sm text-ink-soft">{children}</div>
    </div>
  );
}

/** Grey bars where lines will be. */
export function SkeletonLines({
  count,
  className = "h-9",
}: {
  readonly count: number;
  readonly className?: string;
}) {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-2">
      {Array.from({ length: count }, (_, index) => (
        <div key={index} className={`skeleton ${className}`} />
      ))}
    </div>
  );
}
