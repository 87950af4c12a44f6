/**
 * The console's picture of all circuits as one state machine: frames of the live socket and REST answers go in, the
 * picture comes out. No socket and no clock. Rules WB20 to WB24.
 */
import type {
  AdminLiveFrame,
  CircuitDetail,
  CircuitList,
  SelectionTail,
} from "../../src/protocol/circuit.ts";
import type { Connection } from "../session/chat-state.ts";
import { CLOSE_UNAUTHENTICATED } from "../session/chat-view.ts";
import { mergeCalls } from "./recent-call.ts";

const CLOSE_FORBIDDEN = 4403;

/** The newest selections that are kept; older ones are in the log. */
export const MAX_TAIL = 100;

export interface BoardState {
  readonly connection: Connection;
  /** Null until the first picture. By name. */
  readonly circuits: readonly CircuitDetail[] | null;
  /** Providers of which the server has no word: their cards, where there are any, show what was known last. */
  readonly unreachable: readonly string[];
  /** Newest first. */
  readonly tail: readonly SelectionTail[];
  /** The server's clock minus ours, milliseconds: countdowns are by the server's. */
  readonly clockOffsetMs: number;
}

export type BoardEvent =
  | { readonly type: "frame"; readonly frame: AdminLiveFrame; readonly nowMs: number }
  | { readonly type: "list"; readonly list: CircuitList; readonly nowMs: number }
  | { readonly type: "socket-close"; readonly online: boolean }
  | { readonly type: "network-change"; readonly online: boolean };

export const EMPTY_BOARD: BoardState = {
  connection: "connecting",
  circuits: null,
  unreachable: [],
  tail: [],
  clockOffsetMs: 0,
};

/** The server does not know who is there any more, or knows that they are no admin: the page must ask again. */
export function isClosedForGood(code: number): boolean {
  return code === CLOSE_UNAUTHENTICATED || code === CLOSE_FORBIDDEN;
}

const byName = (a: CircuitDetail, b: CircuitDetail): number =>
  a.snapshot.provider.localeCompare(b.snapshot.provider);

function findCircuit(state: BoardState, provider: string): CircuitDetail | undefined {
  return state.circuits?.find(({ snapshot }) => snapshot.provider === provider);
}

/** The card as it came, with the calls this page has seen that the circuit has forgotten. */
function keepCalls(before: CircuitDetail | undefined, came: CircuitDetail): CircuitDetail {
  if (before === undefined) return came;
  return {
    ...came,
    recentCalls: mergeCalls(before.recentCalls, came.recentCalls),
    firstTokenP50Ms: came.firstTokenP50Ms ?? before.firstTokenP50Ms,
    firstTokenP95Ms: came.firstTokenP95Ms ?? before.firstTokenP95Ms,
  };
}

/** The newer of what is known and what came; the same version may carry newer calls. */
function mergeCircuits(
  known: readonly CircuitDetail[] | null,
  came: readonly CircuitDetail[],
): CircuitDetail[] {
  const kept = new Map((known ?? []).map((detail) => [detail.snapshot.provider, detail]));
  return came
    .map((detail) => {
      const before = kept.get(detail.snapshot.provider);
      if (before !== undefined && before.snapshot.version > detail.snapshot.version) return before;
      return keepCalls(before, detail);
    })
    .toSorted(byName);
}

/** What is shown of those that the server has no word of. */
function keepUnreachable(
  state: BoardState,
  { unreachable }: Pick<CircuitList, "unreachable">,
): CircuitDetail[] {
  return unreachable.flatMap((provider) => findCircuit(state, provider) ?? []);
}

/** A frame is the whole card: versions between the one that is shown and this one have left nothing that is missed. */
function applyCircuit(state: BoardState, detail: CircuitDetail, clockOffsetMs: number): BoardState {
  const circuits = state.circuits ?? [];
  const { provider, version } = detail.snapshot;
  const known = findCircuit(state, provider);
  if (known !== undefined && version < known.snapshot.version) return state;
  const others = circuits.filter((circuit) => circuit.snapshot.provider !== provider);
  return {
    ...state,
    clockOffsetMs,
    circuits: [...others, keepCalls(known, detail)].toSorted(byName),
    unreachable: state.unreachable.filter((name) => name !== provider),
  };
}

function applyLiveFrame(state: BoardState, frame: AdminLiveFrame, nowMs: number): BoardState {
  switch (frame.type) {
    case "hello":
      return {
        ...state,
        connection: "live",
        clockOffsetMs: frame.serverTimeMs - nowMs,
        // Taken as it is: after a restart of the server versions may begin anew.
        circuits: frame.circuits
          .map((detail) => keepCalls(findCircuit(state, detail.snapshot.provider), detail))
          .concat(keepUnreachable(state, frame))
          .toSorted(byName),
        unreachable: frame.unreachable,
      };
    case "circuit":
      return applyCircuit(state, frame.detail, frame.serverTimeMs - nowMs);
    case "selection": {
      const others = state.tail.filter(({ id }) => id !== frame.selection.id);
      return { ...state, tail: [frame.selection, ...others].slice(0, MAX_TAIL) };
    }
  }
}

/** The next picture. */
export function applyBoardEvent(state: BoardState, event: BoardEvent): BoardState {
  switch (event.type) {
    case "frame":
      return applyLiveFrame(state, event.frame, event.nowMs);
    case "list": {
      const { list, nowMs } = event;
      const circuits = mergeCircuits(state.circuits, [...list.circuits, ...keepUnreachable(state, list)]);
      const { unreachable, serverTimeMs } = list;
      return { ...state, circuits, unreachable, clockOffsetMs: serverTimeMs - nowMs };
    }
    case "socket-close":
      return { ...state, connection: event.online ? "reconnecting" : "offline" };
    case "network-change":
      if (state.connection === "live") return state;
      return { ...state, connection: event.online ? "reconnecting" : "offline" };
  }
}
