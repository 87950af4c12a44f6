/**
 * A chat without what changes with every chunk, so that only the running answer is drawn again while it streams.
 * Pure. Rule WB60.
 */
import type { ActiveTurn } from "../../src/protocol/session-frame.ts";
import type { ChatState } from "./chat-state.ts";

/** The running turn without its answer. */
export interface SettledTurn {
  readonly turn: ActiveTurn;
  readonly stopping: boolean;
  readonly decided: Readonly<Record<string, boolean>>;
}

export type SettledChat = Omit<ChatState, "running"> & { readonly running: SettledTurn | null };

function settleTurn(state: ChatState, previous: SettledTurn | null): SettledTurn | null {
  if (state.running === null) return null;
  const { turn, stopping, decided } = state.running;
  const isSame = previous?.turn === turn && previous.stopping === stopping && previous.decided === decided;
  return isSame ? previous : { turn, stopping, decided };
}

/** `previous` itself when nothing but the answer has changed since. */
export function settle(state: ChatState, previous: SettledChat | null): SettledChat {
  const next: SettledChat = { ...state, running: settleTurn(state, previous?.running ?? null) };
  if (previous === null) return next;
  const before: Readonly<Record<string, unknown>> = { ...previous };
  return Object.entries(next).every(([name, value]) => before[name] === value) ? previous : next;
}
