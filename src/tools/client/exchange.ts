/**
 * The bounds of one conversation with an MCP server: its time, the bytes that may come, the stop of whoever waits.
 * The SDK's client is given its fetch, so nothing outlives it. Rule TL22.
 */
import type { Clock } from "../../base/clock.ts";
import type { FetchFunction } from "../../providers/client/fetch-function.ts";

/** Pictures that nobody is shown come along with the text. */
const MAX_ANSWER_BYTES = 4_194_304;
/** A server is told that nobody waits any more, after everything else was cut off. */
const CANCEL_NOTICE_MS = 2_000;

export interface ExchangeDeps {
  readonly fetch: FetchFunction;
  readonly clock: Clock;
}

export class Exchange {
  private readonly deps: ExchangeDeps;
  private readonly controller = new AbortController();
  private readonly release: () => void;
  private endedBy: string | null = null;
  private stopped = false;
  private hasAnswer = false;
  private callSent = false;

  /** `signal` is that of whoever waits for the answer. */
  constructor(deps: ExchangeDeps, limitMs: number, signal: AbortSignal) {
    this.deps = deps;
    const cancelTimer = deps.clock.startTimer(limitMs, () => this.end("did not answer in time"));
    const stop = (): void => {
      this.stopped = true;
      this.end("was stopped");
    };
    signal.addEventListener("abort", stop, { once: true });
    this.release = () => {
      cancelTimer();
      signal.removeEventListener("abort", stop);
    };
    if (signal.aborted) stop();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Why we ended it, to be put behind the server's name; null when we did not. */
  get reason(): string | null {
    return this.endedBy;
  }

  /** Whoever waited for the answer does not want it any more. */
  get wasStopped(): boolean {
    return this.stopped;
  }

  /** Somebody is there, whatever was said. */
  get wasAnswered(): boolean {
    return this.hasAnswer;
  }

  /** A tool's call has left us, and was not refused. */
  get hasCalled(): boolean {
    return this.callSent;
  }

  /** The call that left us was refused: nothing has come of it. */
  noteRefusedCall(): void {
    this.callSent = false;
  }

  end(reason: string): void {
    this.endedBy ??= reason;
    this.release();
    // Without a reason (HT281): it is known as `reason`.
    this.controller.abort();
  }

  /** Nothing more is waited for. */
  close(): void {
    this.release();
  }

  readonly fetch = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    // The old transport opens a stream for what a server might say unasked. We stay only for an answer.
    if (init.method === "GET" && !new Headers(init.headers).has("last-event-id")) {
      return new Response(null, { status: 405 });
    }
    if (isMessage(init, "tools/call")) this.callSent = true;
    const response = await this.deps.fetch(String(url), { ...init, signal: this.toSignal(init) });
    this.hasAnswer = true;
    // The word for a message that wants no answer: none will come.
    if (response.status === 202 && isMessage(init, "tools/call")) this.end("took the call without an answer");
    return this.limit(response);
  };

  private toSignal(init: RequestInit): AbortSignal {
    if (isMessage(init, "notifications/cancelled")) {
      return AbortSignal.timeout(CANCEL_NOTICE_MS);
    }
    return init.signal == null ? this.signal : AbortSignal.any([this.signal, init.signal]);
  }

  private limit(response: Response): Response {
    if (response.body === null) return response;
    let bytes = 0;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        bytes += chunk.byteLength;
        if (bytes <= MAX_ANSWER_BYTES) return controller.enqueue(chunk);
        this.end("answered with more than 4 MiB");
        controller.error(new Error("too large"));
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(counter), { status, statusText, headers });
  }
}

function isMessage({ body }: RequestInit, method: string): boolean {
  return typeof body === "string" && body.includes(`"${method}"`);
}
