/** Sends a well-formed stream on to the client at a reader's pace, and breaks it where a fault says so. */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "./answer.ts";
import { toStreamError } from "./fault.ts";
import type { FaultSettings } from "./fault.ts";
import { isObject } from "./provider-wire.ts";
import type { JsonObject, ProviderWire, SandboxProvider } from "./provider-wire.ts";

const MID_STREAM_FAULTS = new Set(["stall", "reset", "cut", "error-event", "garbage"]);
const SLOW_FACTOR = 20;
/** What `slow` multiplies when no pace is set. */
const LEAST_SLOW_PACE_MS = 10;
/** Bytes that are no UTF-8, in the middle of what should be JSON. */
const GARBAGE = Buffer.concat([
  Buffer.from('data: {"choices":[{"delta":{"content":"'),
  Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]),
  Buffer.from("<<<not the wire\n\n"),
]);

interface StreamEvent {
  /** With its blank line. */
  readonly text: string;
  readonly isContent: boolean;
  readonly isFinal: boolean;
}

function parseData(data: string): JsonObject | null {
  try {
    const json: unknown = JSON.parse(data);
    return isObject(json) ? json : null;
  } catch {
    // `[DONE]` and comments go through as they are.
    return null;
  }
}

/** Cuts aimock's stream into events as small as the provider's, with the counts of this answer in them. */
export function toStreamEvents(stream: string, wire: ProviderWire, answer: Answer): StreamEvent[] {
  return stream
    .split("\n\n")
    .filter((block) => block.trim() !== "")
    .flatMap((block) => {
      const start = block.startsWith("data: ") ? 0 : block.indexOf("\ndata: ") + 1;
      const json = parseData(block.slice(start + "data: ".length));
      if (json === null) {
        return [{ text: `${block}\n\n`, isContent: false, isFinal: block.includes("[DONE]") }];
      }
      return wire.cut(json).map((event) => {
        const enriched = wire.enrich(event, answer);
        return {
          text: `${block.slice(0, start)}data: ${JSON.stringify(enriched)}\n\n`,
          isContent: wire.isContent(enriched),
          isFinal: wire.isFinal(enriched),
        };
      });
    });
}

export interface StreamJob {
  readonly response: ServerResponse;
  readonly provider: SandboxProvider;
  readonly wire: ProviderWire;
  readonly events: readonly StreamEvent[];
  readonly settings: FaultSettings;
  readonly paceMs: number;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

function strike({
  response,
  settings,
  wire,
  provider,
}: Omit<StreamJob, "events" | "paceMs" | "signal">): void {
  switch (settings.fault) {
    case "reset":
      // What was written leaves first; then the connection dies, not ends.
      setImmediate(() => response.destroy());
      return;
    case "error-event":
      response.end(wire.toErrorEvent(toStreamError(provider)));
      return;
    case "garbage":
      response.end(GARBAGE);
      return;
    case "cut":
      response.end();
      return;
    default:
      // `stall`: nothing more, until the client has had enough.
      return;
  }
}

/** Resolves to how it went; a stalled stream resolves at once and stays open. */
export async function streamAnswer(job: StreamJob): Promise<"complete" | "broken" | "client-closed"> {
  const { response, events, settings, signal } = job;
  const paceMs =
    settings.fault === "slow" ? Math.max(job.paceMs, LEAST_SLOW_PACE_MS) * SLOW_FACTOR : job.paceMs;
  const isBreaking = MID_STREAM_FAULTS.has(settings.fault);
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
  response.flushHeaders();
  if (settings.fault === "empty") {
    response.end();
    return "broken";
  }
  let contentEvents = 0;
  for (const event of events) {
    if (isBreaking && (contentEvents >= settings.afterChunks || event.isFinal)) {
      strike(job);
      return "broken";
    }
    if (event.isContent && paceMs > 0 && contentEvents > 0) {
      await sleep(paceMs, undefined, { signal }).catch(() => {
        // Only the client's going away aborts it, which is looked at next.
      });
    }
    if (signal.aborted) return "client-closed";
    response.write(event.text);
    if (event.isContent) contentEvents += 1;
  }
  response.end();
  return "complete";
}

export interface WholeJob extends Omit<StreamJob, "events" | "paceMs" | "signal"> {
  /** The answer as JSON. */
  readonly text: string;
}

/** Sends an answer in one piece; a fault of the middle strikes when half of it has been sent. */
export async function sendWhole(job: WholeJob): Promise<"complete" | "broken"> {
  const { response, text, settings, wire, provider } = job;
  response.writeHead(200, { "content-type": "application/json" });
  response.flushHeaders();
  if (settings.fault === "slow") await sleep(LEAST_SLOW_PACE_MS * SLOW_FACTOR);
  if (settings.fault === "empty") {
    response.end();
    return "broken";
  }
  if (!MID_STREAM_FAULTS.has(settings.fault)) {
    response.end(text);
    return "complete";
  }
  if (settings.fault === "error-event") {
    // Some say so with a good status.
    response.end(wire.toErrorEvent(toStreamError(provider)).replace(/^[\s\S]*?data: /, ""));
    return "broken";
  }
  response.write(text.slice(0, Math.floor(text.length / 2)));
  strike(job);
  return "broken";
}
