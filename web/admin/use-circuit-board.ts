/** The circuits for React: live over the socket, by REST while it is down. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer } from "react";
import { AdminLiveFrame } from "../../src/protocol/circuit.ts";
import { readCircuits } from "../api.ts";
import { openLiveSocket, parseFrame } from "../ui/live-socket.ts";
import { applyBoardEvent, EMPTY_BOARD, isClosedForGood } from "./circuit-board.ts";
import type { BoardState } from "./circuit-board.ts";

/** While the socket is down. */
const POLL_MS = 5_000;

export interface CircuitBoard {
  readonly state: BoardState;
  /** Why the circuits could not be read; null when they could. */
  readonly error: unknown;
  readonly refetch: () => void;
}

/** Opens the socket for as long as the component is there and `isWanted`: it is for admins only. */
export function useCircuitBoard(isWanted: boolean): CircuitBoard {
  const client = useQueryClient();
  const [state, dispatch] = useReducer(applyBoardEvent, EMPTY_BOARD);
  const isPolling = isWanted && state.connection !== "live";
  const { data, error, refetch } = useQuery({
    queryKey: ["circuits"],
    queryFn: readCircuits,
    enabled: isPolling,
    refetchInterval: isPolling ? POLL_MS : false,
  });
  useEffect(() => {
    if (data !== undefined) dispatch({ type: "list", list: data, nowMs: Date.now() });
  }, [data]);
  useEffect(() => {
    if (!isWanted) return undefined;
    const socket = openLiveSocket("/api/v1/admin/live", [], {
      onText(text) {
        const frame = parseFrame(AdminLiveFrame, text);
        if (frame !== null) dispatch({ type: "frame", frame, nowMs: Date.now() });
      },
      onClose(code) {
        dispatch({ type: "socket-close", online: navigator.onLine });
        if (isClosedForGood(code)) void client.resetQueries({ queryKey: ["me"] });
      },
      onNetworkChange: (online) => dispatch({ type: "network-change", online }),
    });
    return () => socket.close();
  }, [isWanted, client]);
  return { state, error: state.circuits === null ? error : null, refetch: () => void refetch() };
}
