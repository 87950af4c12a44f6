/** The form that changes some numbers of a policy: what differs is sent, what is wrong stands below its field. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { CircuitDetail } from "../../src/protocol/circuit.ts";
import { ApiError, changePolicy, toErrorText } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { formatPlural } from "../ui/format.ts";
import { useToaster } from "../ui/toast.tsx";
import {
  formatPolicyNumber,
  parsePolicyDraft,
  toFieldErrors,
  toPolicyGroups,
  toPolicyLabel,
  toPolicyUnit,
} from "./policy-field.ts";
import type { PolicyDraft } from "./policy-field.ts";
import { isReason, ReasonField } from "./reason-field.tsx";

interface NumberFieldProps {
  readonly name: string;
  readonly inForce: number;
  /** Undefined until it is touched. */
  readonly typed: string | undefined;
  readonly error: string | undefined;
  readonly onType: (text: string) => void;
}

function NumberField({ name, inForce, typed, error, onType }: NumberFieldProps) {
  const id = useId();
  const text = typed ?? String(inForce);
  const unit = toPolicyUnit(name);
  const value = Number(text.replace(",", "."));
  const isReadable = text.trim() !== "" && Number.isFinite(value);
  return (
    <div className="py-1">
      <div className="flex items-center gap-2">
        <label htmlFor={id} title={name} className="min-w-0 flex-1 text-sm text-ink-soft">
          {toPolicyLabel(name)}
        </label>
        <input
          id={id}
          value={text}
          inputMode="decimal"
          autoComplete="off"
          aria-invalid={error !== undefined}
          aria-describedby={`${id}-note`}
          onChange={(event) => onType(event.target.value)}
          className={`field w-24! shrink-0 py-1! text-right text-sm! tabular-nums ${error === undefined ? "" : "border-bad!"}`}
        />
        <span className="w-8 text-xs text-ink-faint">{unit}</span>
      </div>
      <p
        id={`${id}-note`}
        className={`text-right text-xs ${error === undefined ? "text-ink-faint" : "text-bad"}`}
      >
        {error ??
          (isReadable && value !== inForce
            ? `${formatPolicyNumber(name, value)}, now ${formatPolicyNumber(name, inForce)}`
            : "")}
      </p>
    </div>
  );
}

interface PolicyFormProps {
  readonly provider: string;
  readonly policy: CircuitDetail["policy"];
  readonly onDone: () => void;
}

/** Every number in its group, and why. */
export function PolicyForm({ provider, policy, onDone }: PolicyFormProps) {
  const [draft, setDraft] = useState<PolicyDraft>({});
  const [reason, setReason] = useState("");
  const client = useQueryClient();
  const { say } = useToaster();
  const { change, errors } = parsePolicyDraft(draft, policy);
  const changed = Object.keys(change).length;
  const save = useMutation({
    mutationFn: () => changePolicy(provider, change, reason.trim()),
    onSuccess: () => {
      say(`The policy of ${provider} was changed.`);
      onDone();
      return client.invalidateQueries({ queryKey: ["circuits"] });
    },
  });
  const issues = save.error instanceof ApiError ? save.error.issues : [];
  const refused = toFieldErrors(issues, Object.keys(policy));
  const general = save.error !== null && issues.length === 0 ? toErrorText(save.error) : refused.general;
  const isSendable = changed > 0 && Object.keys(errors).length === 0 && isReason(reason);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isSendable) save.mutate();
      }}
    >
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        {toPolicyGroups(policy).map(({ title, names }) => (
          <fieldset key={title}>
            <legend className="eyebrow mb-1">{title}</legend>
            {names.map((name) => (
              <NumberField
                key={name}
                name={name}
                inForce={policy[name] ?? 0}
                typed={draft[name]}
                error={errors[name] ?? refused.fields[name]}
                onType={(text) => {
                  setDraft((before) => ({ ...before, [name]: text }));
                  // What the server said was of the numbers as they were sent.
                  save.reset();
                }}
              />
            ))}
          </fieldset>
        ))}
      </div>
      <ReasonField value={reason} onChange={setReason} />
      <div className="mt-4 flex flex-wrap items-center justify-end gap-2">
        <p role="alert" className="min-w-0 flex-1 text-sm text-bad">
          {general}
        </p>
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" disabled={!isSendable || save.isPending}>
          {changed === 0 ? "Save" : `Save ${formatPlural(changed, "number")}`}
        </Button>
      </div>
    </form>
  );
}
