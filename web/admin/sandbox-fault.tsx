/** Breaks a stand-in on purpose: the way to watch a circuit open. Only where the sandbox answers. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { SandboxState } from "../../src/protocol/sandbox-state.ts";
import { breakProvider, toErrorText } from "../api.ts";
import { useToaster } from "../ui/toast.tsx";

/** The sandbox's word for a provider that works. */
const NO_FAULT = "none";

interface SandboxFaultProps {
  readonly provider: string;
  readonly control: SandboxState;
}

/** A select with the ways to break this provider; nothing for a provider the sandbox does not stand in for. */
export function SandboxFault({ provider, control }: SandboxFaultProps) {
  const client = useQueryClient();
  const { say, complain } = useToaster();
  const change = useMutation({
    mutationFn: (fault: string) => breakProvider(provider, fault),
    onSuccess: (_, fault) => {
      say(fault === NO_FAULT ? `${provider} works again.` : `${provider} is now broken: ${fault}.`);
      return client.invalidateQueries({ queryKey: ["sandbox"] });
    },
    onError: (error) => complain(toErrorText(error)),
  });
  const state = control.providers.find((known) => known.provider === provider);
  if (state === undefined) return null;
  const faults = [NO_FAULT, ...control.faults.filter((fault) => fault !== NO_FAULT)];
  const value = change.isPending ? change.variables : (state.fault ?? NO_FAULT);
  const isBroken = value !== NO_FAULT;
  return (
    <label className="flex items-center gap-2 text-[13px] text-ink-soft">
      <span className="whitespace-nowrap">Break it</span>
      <select
        aria-label={`Break ${provider}`}
        value={value}
        disabled={change.isPending}
        onChange={(event) => change.mutate(event.target.value)}
        className={`field min-w-0 flex-1 py-1! text-[13px]! ${isBroken ? "border-bad! text-bad!" : ""}`}
      >
        {faults.map((fault) => (
          <option key={fault} value={fault}>
            {fault === NO_FAULT ? "no, it works" : fault.replaceAll("-", " ")}
          </option>
        ))}
      </select>
      <span
        className="whitespace-nowrap text-ink-faint tabular-nums"
        title="Requests the stand-in has received"
      >
        {state.requests} req.
      </span>
    </label>
  );
}
