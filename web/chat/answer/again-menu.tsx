/** Asks for another answer: by the same choice, by another class, by a model that is named. */
import { ArrowClockwiseIcon } from "@phosphor-icons/react/dist/csr/ArrowClockwise";
import type { ModelCatalog } from "../../../src/protocol/model-list.ts";
import { Menu, MENU_ITEM } from "../../ui/menu.tsx";

interface AgainMenuProps {
  /** What this answer was asked of; empty when nobody knows any more. */
  readonly requested: string;
  /** What the composer would ask now. */
  readonly chosen: string;
  readonly catalog: ModelCatalog | undefined;
  /** Null while no other answer can be asked for. */
  readonly onAgain: ((model: string) => void) | null;
}

function Item({
  name,
  detail,
  onChoose,
}: {
  readonly name: string;
  readonly detail: string;
  readonly onChoose: () => void;
}) {
  return (
    <button type="button" role="menuitem" tabIndex={-1} onClick={onChoose} className={MENU_ITEM}>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{name}</span>
        {detail !== "" && <span className="block truncate text-xs text-ink-faint">{detail}</span>}
      </span>
    </button>
  );
}

/** A button with the choice behind it. */
export function AgainMenu({ requested, chosen, catalog, onAgain }: AgainMenuProps) {
  const same = requested === "" ? chosen : requested;
  const targets = catalog?.targets ?? [];
  const toName = (model: string): string =>
    targets.find(({ target }) => target === model)?.displayName ?? model;
  const again = (model: string) => () => onAgain?.(model);
  return (
    <Menu
      label="Regenerate"
      disabled={onAgain === null}
      button={<ArrowClockwiseIcon aria-hidden size={16} />}
      buttonClass="inline-flex size-8 shrink-0 items-center justify-center rounded-lg text-ink-soft transition-colors hover:bg-hover hover:text-ink disabled:text-ink-faint disabled:hover:bg-transparent"
    >
      <Item name="Try again" detail={`with ${toName(same)}, as before`} onChoose={again(same)} />
      {(catalog?.classes ?? [])
        .filter(({ name }) => name !== same)
        .map(({ name, description }) => (
          <Item key={name} name={`With ${name}`} detail={description} onChoose={again(name)} />
        ))}
      {targets.length > 0 && <p className="eyebrow px-2.5 pt-2 pb-1">With one model</p>}
      {targets
        .filter(({ target }) => target !== same)
        .map(({ target, displayName, provider }) => (
          <Item key={target} name={displayName} detail={provider} onChoose={again(target)} />
        ))}
    </Menu>
  );
}
