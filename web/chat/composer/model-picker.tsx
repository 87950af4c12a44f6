/** The picker beside the composer: classes first, then every model by name, each with its health and its price. */
import { useState } from "react";
import type { ReactNode } from "react";
import { CaretDownIcon } from "@phosphor-icons/react/dist/csr/CaretDown";
import type { ModelCatalog } from "../../../src/protocol/model-list.ts";
import { Popover } from "../../ui/popover.tsx";
import { matchesSearch, toHealth, toPriceText } from "./model-choice.ts";
import type { Health } from "./model-choice.ts";
import type { ModelChoice } from "./use-model-choice.ts";

const HEALTH: Record<Health, { readonly text: string; readonly dot: string }> = {
  good: { text: "Healthy", dot: "bg-good" },
  partial: { text: "Partly available", dot: "bg-warn" },
  bad: { text: "Not available now", dot: "bg-bad" },
};

function HealthDot({ health }: { readonly health: Health }) {
  const { text, dot } = HEALTH[health];
  return (
    <span
      role="img"
      aria-label={text}
      title={text}
      className={`mt-1.5 size-2 shrink-0 rounded-full ${dot}`}
    />
  );
}

interface ChoiceProps {
  readonly value: string;
  readonly chosen: string;
  readonly health: Health;
  readonly title: string;
  readonly detail: ReactNode;
  readonly onChoose: (value: string) => void;
}

function Choice({ value, chosen, health, title, detail, onChoose }: ChoiceProps) {
  const isChosen = value === chosen;
  return (
    <label
      className={`flex gap-2.5 rounded-lg px-2.5 py-2 has-focus-visible:outline-2 has-focus-visible:outline-accent ${isChosen ? "bg-accent-soft" : "hover:bg-hover"}`}
    >
      <input
        type="radio"
        name="model"
        value={value}
        checked={isChosen}
        onChange={() => onChoose(value)}
        className="sr-only"
      />
      <HealthDot health={health} />
      <span className="min-w-0 flex-1">
        <span className="block truncate text-sm font-medium">{title}</span>
        <span className="block text-xs text-ink-faint">{detail}</span>
      </span>
    </label>
  );
}

function Choices({ catalog, choice }: { readonly catalog: ModelCatalog; readonly choice: ModelChoice }) {
  const [search, setSearch] = useState("");
  const circuitOf = new Map(catalog.targets.map(({ target, circuit }) => [target, circuit]));
  const classes = catalog.classes.filter(({ name }) => name.includes(search.trim().toLowerCase()));
  const targets = catalog.targets.filter((target) => matchesSearch(target, search));
  return (
    <>
      <input
        type="search"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
        placeholder="Search models"
        aria-label="Search models"
        className="field mb-1"
        autoFocus
      />
      <div
        role="radiogroup"
        aria-label="Model"
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain p-0.5"
      >
        {classes.length > 0 && <p className="eyebrow px-2.5 pt-2 pb-1">Classes</p>}
        {classes.map(({ name, description, targets: members }) => (
          <Choice
            key={name}
            value={name}
            chosen={choice.model}
            health={toHealth(members.map((member) => circuitOf.get(member) ?? "CLOSED"))}
            title={name}
            detail={description}
            onChoose={choice.choose}
          />
        ))}
        {targets.length > 0 && <p className="eyebrow px-2.5 pt-3 pb-1">Pinned models · per million tokens</p>}
        {targets.map((target) => (
          <Choice
            key={target.target}
            value={target.target}
            chosen={choice.model}
            health={toHealth([target.circuit])}
            title={target.displayName}
            detail={`${target.provider} · ${toPriceText(target)}`}
            onChoose={choice.choose}
          />
        ))}
        {classes.length + targets.length === 0 && (
          <p className="p-3 text-sm text-ink-soft">No model by that name.</p>
        )}
      </div>
    </>
  );
}

/** The button that shows the choice, and the panel behind it. */
export function ModelPicker({ choice }: { readonly choice: ModelChoice }) {
  const target = choice.catalog?.targets.find((known) => known.target === choice.model);
  const name = target?.displayName ?? choice.model;
  return (
    <Popover
      label={`Model: ${name}`}
      buttonClass="flex h-9 max-w-48 items-center gap-1.5 rounded-lg px-2.5 text-[13px] font-medium text-ink-soft hover:bg-hover hover:text-ink sm:max-w-64"
      button={
        <>
          <span className="truncate">{name}</span>
          <CaretDownIcon aria-hidden size={12} className="shrink-0" />
        </>
      }
      panelClass="bottom-full left-0 mb-2 flex max-h-[min(26rem,60dvh)] w-[min(22rem,calc(100vw-5rem))] flex-col p-2"
    >
      {choice.catalog === undefined ? (
        <p className="p-3 text-sm text-ink-soft">The list of models has not arrived yet.</p>
      ) : (
        <Choices catalog={choice.catalog} choice={choice} />
      )}
    </Popover>
  );
}
