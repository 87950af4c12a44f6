/** All circuits at a glance, live, with the history of their changes. */
import { useQuery } from "@tanstack/react-query";
import { LockIcon } from "@phosphor-icons/react/dist/csr/Lock";
import { readSandbox } from "../api.ts";
import { LivePill } from "../ui/live-pill.tsx";
import { useNow, usePageTitle } from "../ui/page-hook.ts";
import { PageShell } from "../ui/page-shell.tsx";
import type { PageTab } from "../ui/page-shell.tsx";
import { EmptyState, ErrorState, SkeletonLines } from "../ui/page-state.tsx";
import { CircuitCard } from "./circuit-card.tsx";
import { SandboxFault } from "./sandbox-fault.tsx";
import { toTimeline } from "./timeline-entry.ts";
import { TransitionTimeline } from "./transition-timeline.tsx";
import type { CircuitBoard } from "./use-circuit-board.ts";

/** Often enough for a countdown in whole seconds. */
const TICK_MS = 500;
const SANDBOX_POLL_MS = 3_000;

function Circuits({ board }: { readonly board: CircuitBoard }) {
  const { circuits, unreachable, clockOffsetMs } = board.state;
  const nowMs = useNow(TICK_MS) + clockOffsetMs;
  const { data: sandbox } = useQuery({
    queryKey: ["sandbox"],
    queryFn: readSandbox,
    refetchInterval: SANDBOX_POLL_MS,
  });
  if (circuits === null) {
    return board.error === null ? (
      <SkeletonLines count={3} className="h-40" />
    ) : (
      <ErrorState error={board.error} onRetry={board.refetch} />
    );
  }
  return (
    <>
      {unreachable.length > 0 && (
        <p role="status" className="mb-4 text-sm text-bad">
          No word of {unreachable.join(", ")}: what keeps the circuit does not answer. A card that is still
          shown is old.
        </p>
      )}
      <div className={`grid gap-4 sm:grid-cols-2 ${circuits.length > 4 ? "xl:grid-cols-3" : ""}`}>
        {circuits.map((detail) => (
          <CircuitCard key={detail.snapshot.provider} detail={detail} nowMs={nowMs}>
            {sandbox && <SandboxFault provider={detail.snapshot.provider} control={sandbox} />}
          </CircuitCard>
        ))}
      </div>
      <section aria-label="Timeline" className="mt-8">
        <h2 className="mb-3 text-lg font-semibold tracking-tight">Timeline</h2>
        <div className="card">
          <TransitionTimeline entries={toTimeline(circuits)} nowMs={nowMs} />
        </div>
      </section>
    </>
  );
}

interface CircuitsPageProps {
  readonly board: CircuitBoard;
  readonly isAdmin: boolean;
  readonly tabs: readonly PageTab[];
}

/** For admins; others are told so. */
export function CircuitsPage({ board, isAdmin, tabs }: CircuitsPageProps) {
  usePageTitle("Circuits");
  return (
    <PageShell
      title="Circuits"
      tabs={tabs}
      aside={isAdmin && <LivePill connection={board.state.connection} />}
    >
      {isAdmin ? (
        <Circuits board={board} />
      ) : (
        <EmptyState icon={<LockIcon aria-hidden size={36} />} title="Circuits are for admins">
          Ask an admin of your organization if you need to see them.
        </EmptyState>
      )}
    </PageShell>
  );
}
