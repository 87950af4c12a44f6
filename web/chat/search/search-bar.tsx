/** The bar that searches in a chat: words go in, places come out, and the chosen one is shown in the transcript. */
import { useEffect, useId, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import { MagnifyingGlassIcon } from "@phosphor-icons/react/dist/csr/MagnifyingGlass";
import { XIcon } from "@phosphor-icons/react/dist/csr/X";
import type { SessionSearchHit } from "../../../src/protocol/session-api.ts";
import { toErrorText } from "../../api.ts";
import type { Jump } from "../../session/chat-state.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { isComposing } from "../../ui/composing.ts";
import { formatMoment, formatPlural } from "../../ui/format.ts";
import { splitByMatches } from "./text-match.ts";
import type { ChatSearch } from "./use-chat-search.ts";

interface SearchBarProps {
  readonly search: ChatSearch;
  readonly jump: Jump | null;
  readonly onShow: (hit: SessionSearchHit) => void;
  readonly onClose: () => void;
}

interface HitProps {
  readonly hit: SessionSearchHit;
  readonly query: string;
  readonly optionId: string;
  readonly isCurrent: boolean;
  readonly onShow: () => void;
}

function Hit({ hit, query, optionId, isCurrent, onShow }: HitProps) {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isCurrent) row.current?.scrollIntoView({ block: "nearest" });
  }, [isCurrent]);
  return (
    <li
      ref={row}
      id={optionId}
      role="option"
      aria-selected={isCurrent}
      onClick={onShow}
      className={`cursor-pointer rounded-lg px-3 py-2 ${isCurrent ? "bg-accent-soft" : "hover:bg-hover"}`}
    >
      <p className="flex justify-between gap-3 text-xs text-ink-soft">
        <span>{hit.role === "user" ? "Question" : "Answer"}</span>
        <time dateTime={hit.createdAt}>{formatMoment(Date.parse(hit.createdAt))}</time>
      </p>
      <p className="line-clamp-2 text-sm wrap-anywhere">
        {splitByMatches(hit.excerpt, query).map(({ text, isMatch }, index) =>
          isMatch ? (
            <mark key={index} className="rounded-sm bg-mark text-ink">
              {text}
            </mark>
          ) : (
            text
          ),
        )}
      </p>
    </li>
  );
}

function toSaid({ state, hits, error }: ChatSearch, jump: Jump | null, index: number): string {
  if (jump?.phase === "failed") return jump.errorText;
  if (jump !== null && jump.phase !== "found") return "Looking for the message…";
  if (state === "failed") return toErrorText(error);
  if (state === "searching") return "Searching…";
  if (state === "idle") return "";
  if (hits.length === 0) return "Nothing found.";
  return index === -1 ? formatPlural(hits.length, "place") : `${index + 1} of ${hits.length}`;
}

/** Which place the keys stand at, from the first again when others were found; and whether the list covers the chat. */
function usePlaces(hits: readonly SessionSearchHit[], onShow: (hit: SessionSearchHit) => void) {
  const [at, setAt] = useState({ hits, index: -1 });
  const [isListShown, setIsListShown] = useState(true);
  const index = at.hits === hits ? at.index : -1;
  const go = (to: number): number => {
    const next = hits.length === 0 ? -1 : (to + hits.length) % hits.length;
    setAt({ hits, index: next });
    return next;
  };
  const show = (to: number): void => {
    const hit = hits[go(to)];
    if (hit === undefined) return;
    // It would cover what it found.
    setIsListShown(false);
    onShow(hit);
  };
  function onKey(event: KeyboardEvent): void {
    if (isComposing(event.nativeEvent)) return;
    const step = event.key === "ArrowDown" || (event.key === "Enter" && !event.shiftKey) ? 1 : -1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      setIsListShown(true);
      go(index === -1 && step === -1 ? -1 : index + step);
    } else if (event.key === "Enter") {
      // As in a browser's own search: once more is the next place, with Shift the one before.
      show(isListShown ? Math.max(index, 0) : index + step);
    } else {
      return;
    }
    event.preventDefault();
  }
  return {
    index,
    show,
    onKey,
    isListShown: isListShown && hits.length > 0,
    openList: () => setIsListShown(true),
  };
}

type Places = ReturnType<typeof usePlaces>;

function PlaceList({
  search,
  places,
  listId,
}: {
  readonly search: ChatSearch;
  readonly places: Places;
  readonly listId: string;
}) {
  return (
    <ul
      id={listId}
      role="listbox"
      aria-label="Places"
      hidden={!places.isListShown}
      className="absolute inset-x-0 top-full mx-auto max-h-[min(24rem,50dvh)] max-w-3xl overflow-y-auto overscroll-contain rounded-b-2xl border border-t-0 border-line bg-surface p-1.5 shadow-float"
    >
      {search.hits.map((hit, index) => (
        <Hit
          key={hit.messageId}
          hit={hit}
          query={search.query}
          optionId={`${listId}-${index}`}
          isCurrent={index === places.index}
          onShow={() => places.show(index)}
        />
      ))}
    </ul>
  );
}

/** A field and its list, below the head of the chat. Enter shows the next place, Escape closes. */
export function SearchBar({ search, jump, onShow, onClose }: SearchBarProps) {
  const listId = useId();
  const places = usePlaces(search.hits, onShow);
  const said = toSaid(search, jump, places.index);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || isComposing(event.nativeEvent)) return;
    event.preventDefault();
    event.stopPropagation();
    onClose();
  };
  return (
    <search
      aria-label="Search in this chat"
      onKeyDown={onKeyDown}
      className="relative z-20 border-b border-line bg-surface print:hidden"
    >
      <div className="mx-auto flex max-w-3xl items-center gap-2 px-3 py-1.5 sm:px-4">
        <MagnifyingGlassIcon aria-hidden size={18} className="shrink-0 text-ink-faint" />
        <SearchField search={search} places={places} listId={listId} />
        <p role="status" className="max-w-[45%] truncate text-xs text-ink-soft" title={said}>
          {said}
        </p>
        {search.state === "failed" && (
          <Button small onClick={search.retry}>
            Try again
          </Button>
        )}
        <IconButton small label="Close search" onClick={onClose}>
          <XIcon aria-hidden size={16} />
        </IconButton>
      </div>
      <PlaceList search={search} places={places} listId={listId} />
    </search>
  );
}

interface SearchFieldProps {
  readonly search: ChatSearch;
  readonly places: Places;
  readonly listId: string;
}

function SearchField({ search, places, listId }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  return (
    <input
      ref={input}
      type="text"
      role="combobox"
      enterKeyHint="search"
      autoFocus
      maxLength={200}
      value={search.text}
      aria-label="Search in this chat"
      aria-expanded={places.isListShown}
      aria-controls={listId}
      aria-activedescendant={places.index === -1 ? undefined : `${listId}-${places.index}`}
      aria-autocomplete="list"
      placeholder="Search in this chat"
      onKeyDown={places.onKey}
      onClick={places.openList}
      onChange={(event) => {
        search.setText(event.target.value);
        places.openList();
      }}
      className="min-w-0 flex-1 bg-transparent py-1.5 text-[15px] outline-none placeholder:text-ink-faint"
    />
  );
}
