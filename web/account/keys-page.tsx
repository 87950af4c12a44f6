/** API keys: the list, making one (its secret is shown once), revoking one. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { KeyIcon } from "@phosphor-icons/react/dist/csr/Key";
import type { ApiKeyList } from "../../src/protocol/account.ts";
import { readKeys, revokeKey } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { formatAgo, formatMoment } from "../ui/format.ts";
import { useFocusAfterRemoval, useNow, usePageTitle } from "../ui/page-hook.ts";
import { PageShell } from "../ui/page-shell.tsx";
import { EmptyState, ErrorState, SkeletonLines } from "../ui/page-state.tsx";
import { toPageTabs } from "../ui/page-tabs.ts";
import { useToaster } from "../ui/toast.tsx";
import { AccountGate, useAccount } from "./account-gate.tsx";
import { CreateKey } from "./create-key.tsx";

type Key = ApiKeyList["keys"][number];

function KeyRow({ entry, nowMs }: { readonly entry: Key; readonly nowMs: number }) {
  const [isAsking, setIsAsking] = useState(false);
  const client = useQueryClient();
  const { say } = useToaster();
  const revoke = useMutation({
    mutationFn: () => revokeKey(entry.id),
    onSuccess: async () => {
      say(`The key “${entry.name}” no longer works.`);
      await client.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  const used =
    entry.lastUsedAt === null ? "never used" : `last used ${formatAgo(Date.parse(entry.lastUsedAt), nowMs)}`;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-4 py-3 first:border-t-0">
      <div className="min-w-40 flex-1">
        <p className="font-medium wrap-anywhere">{entry.name}</p>
        <p className="text-[13px] text-ink-faint">
          made {formatMoment(Date.parse(entry.createdAt))}, {used}
        </p>
      </div>
      <code className="font-mono text-[13px] text-ink-soft">{entry.start}…</code>
      <Button small aria-label={`Revoke ${entry.name}`} onClick={() => setIsAsking(true)}>
        Revoke
      </Button>
      {isAsking && (
        <ConfirmDialog
          title="Revoke this key?"
          text={`Programs that use “${entry.name}” will be refused from now on. This cannot be undone.`}
          action="Revoke"
          busy={revoke.isPending}
          error={revoke.error}
          onConfirm={() => revoke.mutate()}
          onClose={() => setIsAsking(false)}
        />
      )}
    </li>
  );
}

function KeyList() {
  const nowMs = useNow(60_000);
  const { data, error, refetch } = useQuery({ queryKey: ["keys"], queryFn: readKeys });
  const listRef = useFocusAfterRemoval<HTMLUListElement>((data?.keys ?? []).map(({ id }) => id));
  if (data === undefined) {
    return error === null ? (
      <SkeletonLines count={3} className="h-16" />
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  }
  if (data.keys.length === 0) {
    return (
      <EmptyState icon={<KeyIcon aria-hidden size={36} />} title="No keys yet">
        A key lets a program use Breakwater in your name.
      </EmptyState>
    );
  }
  return (
    <ul ref={listRef} tabIndex={-1} aria-label="Keys" className="card">
      {data.keys.map((entry) => (
        <KeyRow key={entry.id} entry={entry} nowMs={nowMs} />
      ))}
    </ul>
  );
}

function Keys() {
  usePageTitle("API keys");
  const { user } = useAccount();
  return (
    <PageShell title="API keys" tabs={toPageTabs(user.role)}>
      <div className="flex flex-col gap-5">
        <p className="max-w-2xl text-ink-soft">
          The API speaks OpenAI’s protocol: point a client at{" "}
          <code className="font-mono text-[13px] text-ink">{location.origin}/v1</code> with one of these keys.
        </p>
        <CreateKey />
        <KeyList />
      </div>
    </PageShell>
  );
}

/** For signed-in people. */
export function KeysPage() {
  return (
    <AccountGate>
      <Keys />
    </AccountGate>
  );
}
