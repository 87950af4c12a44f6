/** The beginning of the page: what holds everywhere, and the operations by subject. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import type { ApiGroup } from "./api-document.ts";
import { MethodBadge } from "./method-badge.tsx";

interface OverviewProps {
  readonly groups: readonly ApiGroup[];
  readonly keyField: ReactNode;
  readonly children: ReactNode;
}

/** `children` is the document's introduction. */
export function Overview({ groups, keyField, children }: OverviewProps) {
  return (
    <div className="grid gap-8 xl:grid-cols-[minmax(0,1fr)_24rem]">
      <div className="min-w-0 max-w-3xl">
        <h1 className="mb-5 text-3xl font-semibold tracking-tight">The Breakwater API</h1>
        {children}
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <section aria-label="Your key" className="card p-4">
          {keyField}
        </section>
        {groups.map(({ tag, description, operations }) => (
          <section key={tag} aria-label={tag} className="card p-4">
            <h2 className="font-semibold tracking-tight">{tag}</h2>
            <p className="mb-2 text-[13px] text-ink-soft">{description}</p>
            <ul>
              {operations.map(({ id, method, path }) => (
                <li key={id}>
                  <Link
                    href={`/docs/${id}`}
                    className="-mx-2 flex min-h-8 items-center gap-2 rounded-lg px-2 py-1 hover:bg-hover"
                  >
                    <MethodBadge method={method} isSmall />
                    <code className="min-w-0 truncate font-mono text-xs text-ink-soft">{path}</code>
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </div>
  );
}
