/** The API's documentation, to read and to try: made from `/openapi.json`, for anybody. Rules WB75 to WB79. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { ListIcon } from "@phosphor-icons/react/dist/csr/List";
import { Link } from "wouter";
import { call } from "../api.ts";
import { Markdown } from "../chat/markdown/markdown.tsx";
import { IconButton } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Logo } from "../ui/logo.tsx";
import { useMediaQuery, usePageTitle } from "../ui/page-hook.ts";
import { ErrorState, SkeletonLines } from "../ui/page-state.tsx";
import { ThemeButton } from "../ui/theme-button.tsx";
import { ApiDocument, toGroups, type ApiGroup } from "./api-document.ts";
import { DocsNav } from "./docs-nav.tsx";
import { KeyField } from "./key-field.tsx";
import { OperationView } from "./operation-view.tsx";
import { Overview } from "./overview.tsx";

const DOCUMENT_PATH = "/openapi.json";
/** As long as the document itself may be kept. */
const STALE_AFTER_MS = 300_000;

function Head({
  version,
  onMenu,
}: {
  readonly version: string | null;
  readonly onMenu: (() => void) | null;
}) {
  return (
    <header className="sticky top-0 z-20 border-b border-line bg-canvas/95 backdrop-blur">
      <div className="flex h-14 items-center gap-2 px-3 sm:px-4">
        {onMenu !== null && (
          <IconButton small label="Show the operations" onClick={onMenu}>
            <ListIcon aria-hidden size={20} />
          </IconButton>
        )}
        <Link href="/docs" className="flex h-9 min-w-0 items-center gap-2 rounded-lg pr-1">
          <Logo size={26} />
          <span className="truncate font-semibold tracking-tight">Breakwater API</span>
        </Link>
        {version !== null && (
          <span className="hidden rounded-full border border-line px-2 py-0.5 font-mono text-xs text-ink-faint sm:inline">
            {version}
          </span>
        )}
        <div className="ml-auto flex items-center gap-1">
          <a
            href={DOCUMENT_PATH}
            className="hidden h-9 items-center rounded-lg px-2.5 text-sm text-ink-soft hover:bg-hover hover:text-ink sm:flex"
          >
            openapi.json
          </a>
          <Link
            href="/"
            className="flex h-9 items-center rounded-lg px-2.5 text-sm text-ink-soft hover:bg-hover hover:text-ink"
          >
            Chat
          </Link>
          <ThemeButton />
        </div>
      </div>
    </header>
  );
}

interface BodyProps {
  readonly document: ApiDocument;
  readonly groups: readonly ApiGroup[];
  readonly operationId: string | null;
}

function Body({ document, groups, operationId }: BodyProps) {
  // In this tab's memory alone: never stored, never in an address.
  const [key, setKey] = useState("");
  const operations = groups.flatMap((group) => group.operations);
  const operation = operations.find(({ id }) => id === operationId) ?? null;
  // A page of its own begins at its top.
  useEffect(() => {
    if (location.hash === "") scrollTo(0, 0);
  }, [operationId]);
  usePageTitle(operation === null ? "API" : operation.summary);
  const keyField = <KeyField value={key} onChange={setKey} />;
  if (operation !== null) {
    const { schemas } = document.components;
    return (
      <OperationView
        key={operation.id}
        operation={operation}
        components={schemas}
        apiKey={key}
        keyField={keyField}
      />
    );
  }
  if (operationId !== null) {
    return (
      <div className="flex flex-col gap-3">
        <h1 className="text-2xl font-semibold tracking-tight">There is no such operation</h1>
        <p className="text-ink-soft">It may have another name by now. All of them are in the list.</p>
        <Link href="/docs" className="font-medium text-accent underline underline-offset-2">
          Go to the beginning
        </Link>
      </div>
    );
  }
  return (
    <Overview groups={groups} keyField={keyField}>
      <Markdown text={document.info.description} isStreaming={false} />
    </Overview>
  );
}

/** The whole page; `operationId` is null at its beginning. */
export function DocsPage({ operationId }: { readonly operationId: string | null }) {
  const isWide = useMediaQuery("(min-width: 1024px)");
  const [isMenuOpen, setIsMenuOpen] = useState(false);
  const closeMenu = (): void => setIsMenuOpen(false);
  const { data, error, refetch } = useQuery({
    queryKey: ["openapi"],
    queryFn: () => call(DOCUMENT_PATH, { shape: ApiDocument }),
    staleTime: STALE_AFTER_MS,
  });
  const groups = useMemo(() => (data === undefined ? [] : toGroups(data)), [data]);
  const nav = <DocsNav groups={groups} currentId={operationId} onChoose={closeMenu} />;
  return (
    <div className="min-h-full">
      <Head
        version={data?.info.version ?? null}
        onMenu={isWide || data === undefined ? null : () => setIsMenuOpen(true)}
      />
      {!isWide && isMenuOpen && (
        <Dialog title="Operations" shape="drawer" onClose={closeMenu}>
          {nav}
        </Dialog>
      )}
      <div className="mx-auto flex max-w-[92rem]">
        {isWide && (
          <aside
            aria-label="Operations"
            className="sticky top-14 h-[calc(100dvh-3.5rem)] w-72 shrink-0 border-r border-line"
          >
            {data === undefined ? (
              <div className="p-4">{error === null && <SkeletonLines count={8} />}</div>
            ) : (
              nav
            )}
          </aside>
        )}
        <main className="min-w-0 flex-1 px-4 py-6 sm:px-8 sm:py-8">
          {data !== undefined && <Body document={data} groups={groups} operationId={operationId} />}
          {data === undefined && error === null && <SkeletonLines count={5} className="h-16" />}
          {data === undefined && error !== null && (
            <ErrorState error={error} onRetry={() => void refetch()} />
          )}
        </main>
      </div>
    </div>
  );
}
