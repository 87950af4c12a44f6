/** A row of a list that opens what stands below it. What that is, is made when it is opened: some of it has no end. */
import { useId, useState, type ReactNode } from "react";
import { CaretRightIcon } from "@phosphor-icons/react/dist/csr/CaretRight";

export function OpeningRow({
  label,
  readBody,
  startsOpen = false,
  buttonClass,
  caretClass = "",
  bodyClass,
}: {
  readonly label: ReactNode;
  readonly readBody: () => ReactNode;
  readonly startsOpen?: boolean;
  readonly buttonClass: string;
  readonly caretClass?: string;
  readonly bodyClass: string;
}) {
  const [isOpen, setIsOpen] = useState(startsOpen);
  const id = useId();
  return (
    <li className="border-t border-line first:border-t-0">
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setIsOpen((was) => !was)}
        className={`flex w-full text-left hover:bg-hover ${buttonClass}`}
      >
        <CaretRightIcon
          aria-hidden
          size={14}
          className={`shrink-0 text-ink-faint transition-transform ${caretClass} ${isOpen ? "rotate-90" : ""}`}
        />
        {label}
      </button>
      {isOpen && (
        <div id={id} className={bodyClass}>
          {readBody()}
        </div>
      )}
    </li>
  );
}
