/** The life of a request that is tried out: nothing, on its way, answered, failed. */
import { useCallback, useEffect, useRef, useState } from "react";
import { sendRequest, type TryAnswer } from "./send-request.ts";
import type { TryRequest } from "./try-request.ts";

export type TryState =
  | { readonly status: "idle" }
  | { readonly status: "waiting" }
  | { readonly status: "answered"; readonly answer: TryAnswer; readonly broken: string | null }
  | { readonly status: "stopped" }
  | { readonly status: "failed"; readonly message: string };

/** A sentence for a request without an answer; the browser does not say more. */
function toFailure(): string {
  return navigator.onLine
    ? "No answer came: Breakwater cannot be reached. Try again in a moment."
    : "You are offline. What is written here stays; send it when you are back.";
}

/** `send` and `stop`, and what came of it. A second request ends the first. */
export function useTry(): {
  readonly state: TryState;
  readonly send: (request: TryRequest) => void;
  readonly stop: () => void;
} {
  const [state, setState] = useState<TryState>({ status: "idle" });
  const running = useRef<AbortController | null>(null);
  const stop = useCallback(() => running.current?.abort(), []);
  useEffect(() => stop, [stop]);
  const send = useCallback((request: TryRequest) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    const isCurrent = (): boolean => running.current === controller;
    setState({ status: "waiting" });
    const onAnswer = (answer: TryAnswer): void => {
      if (isCurrent() && !controller.signal.aborted) setState({ status: "answered", answer, broken: null });
    };
    sendRequest(request, controller.signal, onAnswer).catch(() => {
      if (!isCurrent()) return;
      const message = controller.signal.aborted ? "You stopped it." : toFailure();
      setState((was) => {
        if (was.status === "answered") {
          return { ...was, answer: { ...was.answer, isOver: true }, broken: message };
        }
        return controller.signal.aborted ? { status: "stopped" } : { status: "failed", message };
      });
    });
  }, []);
  return { state, send, stop };
}
