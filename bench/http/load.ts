/**
 * Calls over connections that are kept open, with as little work a byte as possible: a client that parses what it reads
 * would be what is measured. So it speaks HTTP/1.1 over plain sockets and looks for the end of each answer only.
 */
import { connect, type Socket } from "node:net";
import { END_MARK, PACED_SUFFIX, STREAM_END } from "./answer.ts";

export interface Target {
  readonly name: string;
  /** Without a slash at its end. */
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
}

export interface Load {
  readonly calls: number;
  readonly connections: number;
  /** In one piece, as many words as fast as they can be written, or few at a pace. */
  readonly answer: "whole" | "stream" | "paced-stream";
}

export interface LoadResult {
  readonly perSecond: number;
  /** Until the first byte of the body, for each call. Milliseconds. */
  readonly firstByteMs: readonly number[];
}

interface Call {
  readonly startedMs: number;
  firstByteMs: number | null;
  text: string;
  readonly resolve: (firstByteMs: number) => void;
  readonly reject: (error: Error) => void;
}

/** Enough to hold the head of an answer, and its end. */
const KEPT_CHARACTERS = 4_096;

/** One connection: one call after the other. */
class Line {
  private readonly socket: Socket;
  private readonly request: Buffer;
  private readonly endMark: string;
  private call: Call | null = null;

  constructor(target: Target, { answer }: Load) {
    const { hostname, port } = new URL(target.url);
    const body = JSON.stringify({
      model: answer === "paced-stream" ? target.model + PACED_SUFFIX : target.model,
      messages: [
        { role: "system", content: "You answer in short words." },
        { role: "user", content: "Tell me about the sea." },
      ],
      ...(answer === "whole" ? {} : { stream: true }),
    });
    const headers = {
      host: `${hostname}:${port}`,
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      ...target.headers,
    };
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.request = Buffer.from(`POST ${target.path} HTTP/1.1\r\n${head.join("")}\r\n${body}`);
    this.endMark = answer === "whole" ? END_MARK : STREAM_END;
    this.socket = connect(Number(port), hostname);
    this.socket.setNoDelay(true);
    this.socket.setEncoding("latin1");
    this.socket.on("data", (text: string) => this.read(text));
    this.socket.on("error", (error) => this.call?.reject(error));
    this.socket.on("close", () => this.call?.reject(new Error(`${target.name} closed the connection`)));
  }

  /** Resolves with the time to the first byte of the body. */
  ask(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.call = { startedMs: performance.now(), firstByteMs: null, text: "", resolve, reject };
      this.socket.write(this.request);
    });
  }

  close(): void {
    this.call = null;
    this.socket.destroy();
  }

  private read(text: string): void {
    const { call } = this;
    if (call === null) return;
    const kept = call.text + text;
    if (call.firstByteMs === null) {
      const bodyAt = kept.indexOf("\r\n\r\n") + 4;
      if (bodyAt < 4 || bodyAt === kept.length) {
        call.text = kept;
        return;
      }
      if (!kept.startsWith("HTTP/1.1 200")) return call.reject(new Error(kept.slice(0, KEPT_CHARACTERS)));
      call.firstByteMs = performance.now() - call.startedMs;
      call.text = kept;
    } else {
      call.text = kept.length > 2 * KEPT_CHARACTERS ? kept.slice(-KEPT_CHARACTERS) : kept;
    }
    if (!isOver(call.text)) return;
    if (!call.text.includes(this.endMark))
      return call.reject(new Error(`an answer is not whole: ${call.text}`));
    this.call = null;
    call.resolve(call.firstByteMs);
  }
}

const CONTENT_LENGTH = /^content-length: (\d+)\r$/im;

/** The end of a chunked body, or all the bytes that were announced. */
function isOver(text: string): boolean {
  if (text.endsWith("\r\n0\r\n\r\n") || text === "0\r\n\r\n") return true;
  if (!text.startsWith("HTTP/1.1")) return false;
  const bodyAt = text.indexOf("\r\n\r\n") + 4;
  const length = CONTENT_LENGTH.exec(text.slice(0, bodyAt))?.[1];
  return length !== undefined && text.length - bodyAt >= Number(length);
}

/** So many calls over so many connections; throws when one of them is not answered whole. */
export async function runLoad(target: Target, load: Load): Promise<LoadResult> {
  const { calls, connections } = load;
  const lines = Array.from({ length: connections }, () => new Line(target, load));
  let begun = 0;
  const firstByteMs: number[] = [];
  const startedMs = performance.now();
  try {
    await Promise.all(
      lines.map(async (line) => {
        while (begun < calls) {
          begun += 1;
          firstByteMs.push(await line.ask());
        }
      }),
    );
  } finally {
    for (const line of lines) line.close();
  }
  return { perSecond: (calls * 1_000) / (performance.now() - startedMs), firstByteMs };
}
