/** A provider's policy: the numbers in force, their changes, and a form to change them without a deploy. */
import { useState } from "react";
import { SlidersHorizontalIcon } from "@phosphor-icons/react/dist/csr/SlidersHorizontal";
import type { CircuitDetail } from "../../src/protocol/circuit.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { formatMicroUsd, formatMoment } from "../ui/format.ts";
import { formatPolicyNumber, toPolicyFullLabel, toPolicyGroups, toPolicyLabel } from "./policy-field.ts";
import { PolicyForm } from "./policy-form.tsx";

function PolicyNumbers({ policy }: { readonly policy: CircuitDetail["policy"] }) {
  return (
    <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
      {toPolicyGroups(policy).map(({ title, names }) => (
        <section key={title} aria-label={title}>
          <h3 className="eyebrow mb-1">{title}</h3>
          <dl className="text-sm">
            {names.map((name) => (
              <div
                key={name}
                title={name}
                className="flex justify-between gap-3 border-t border-line py-1 first:border-t-0"
              >
                <dt className="text-ink-soft">{toPolicyLabel(name)}</dt>
                <dd className="font-semibold whitespace-nowrap tabular-nums">
                  {formatPolicyNumber(name, policy[name] ?? 0)}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

function PolicyChanges({ changes }: { readonly changes: CircuitDetail["policyChanges"] }) {
  if (changes.length === 0)
    return (
      <p className="text-sm text-ink-faint">Nobody has changed it: these are the numbers it came with.</p>
    );
  return (
    <ol className="text-sm">
      {changes.toReversed().map(({ number, atMs, actor, reason, change }) => (
        <li key={number} className="border-t border-line py-2 first:border-t-0">
          <p className="text-xs text-ink-faint">
            {formatMoment(atMs)} · {actor}
          </p>
          <p>
            {Object.entries(change)
              .map(([name, value]) => `${toPolicyFullLabel(name)}: ${formatPolicyNumber(name, value)}`)
              .join("; ")}
          </p>
          <p className="wrap-anywhere text-ink-soft">{reason}</p>
        </li>
      ))}
    </ol>
  );
}

function PolicyDialog({ detail, onClose }: { readonly detail: CircuitDetail; readonly onClose: () => void }) {
  const [isEditing, setIsEditing] = useState(false);
  const { policy, policyChanges, snapshot } = detail;
  const stopEditing = (): void => setIsEditing(false);
  return (
    <Dialog title={`Policy of ${snapshot.provider}`} shape="wide" onClose={onClose}>
      {isEditing ? (
        <PolicyForm provider={snapshot.provider} policy={policy} onDone={stopEditing} />
      ) : (
        <>
          <PolicyNumbers policy={policy} />
          <h3 className="eyebrow mt-6 mb-1">Changes</h3>
          <PolicyChanges changes={policyChanges} />
          <div className="mt-6 flex justify-end gap-2">
            <Button onClick={() => setIsEditing(true)}>Change</Button>
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}

/** What probes have cost today, and the button to the policy. */
export function PolicyLine({ detail }: { readonly detail: CircuitDetail }) {
  const [isOpen, setIsOpen] = useState(false);
  const limit = detail.policy["probeSpendPerDayMicroUsd"];
  return (
    <div className="flex items-center justify-between gap-3">
      <p className="text-xs text-ink-faint tabular-nums" title="Since midnight UTC">
        Probes today {formatMicroUsd(detail.probeSpendTodayMicroUsd)}
        {limit !== undefined && ` of ${formatMicroUsd(limit)}`}
      </p>
      {Object.keys(detail.policy).length > 0 && (
        <Button small look="quiet" onClick={() => setIsOpen(true)}>
          <SlidersHorizontalIcon aria-hidden size={16} />
          Policy
        </Button>
      )}
      {isOpen && <PolicyDialog detail={detail} onClose={() => setIsOpen(false)} />}
    </div>
  );
}
