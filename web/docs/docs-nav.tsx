/** The list of operations by subject, with a search. */
import { useState } from "react";
import { Link } from "wouter";
import { findOperations, type ApiGroup } from "./api-document.ts";
import { MethodBadge } from "./method-badge.tsx";

interface DocsNavProps {
  readonly groups: readonly ApiGroup[];
  readonly currentId: string | null;
  readonly onChoose: () => void;
}

const LINK = "flex min-h-9 items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-[13px] leading-snug";
const CURRENT = "bg-accent-soft font-medium text-accent-strong";
const OTHER = "text-ink-soft hover:bg-hover hover:text-ink";

/** For the column of a wide window and for the drawer of a narrow one. */
export function DocsNav({ groups, currentId, onChoose }: DocsNavProps) {
  const [search, setSearch] = useState("");
  const found = findOperations(groups, search);
  return (
    <div className="flex h-full flex-col">
      <div className="p-3">
        <input
          type="search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          aria-label="Search operations"
          placeholder="Search operations"
          className="field py-1.5! text-sm!"
        />
      </div>
      <nav aria-label="Operations" className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-3 pb-6">
        <Link
          href="/docs"
          onClick={onChoose}
          aria-current={currentId === null ? "page" : undefined}
          className={`${LINK} mb-3 ${currentId === null ? CURRENT : OTHER}`}
        >
          Overview
        </Link>
        {found.map(({ tag, operations }) => (
          <section key={tag} aria-label={tag} className="mb-4">
            <h2 className="eyebrow px-2.5 py-1">{tag}</h2>
            <ul>
              {operations.map(({ id, method, summary }) => (
                <li key={id}>
                  <Link
                    href={`/docs/${id}`}
                    onClick={onChoose}
                    aria-current={id === currentId ? "page" : undefined}
                    className={`${LINK} ${id === currentId ? CURRENT : OTHER}`}
                  >
                    <MethodBadge method={method} isSmall />
                    <span className="min-w-0">{summary}</span>
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
        {found.length === 0 && (
          <p role="status" className="px-2.5 py-2 text-sm text-ink-faint">
            Nothing of that name.
          </p>
        )}
      </nav>
    </div>
  );
}
