/**
 * Breakwater as its clients speak with it: over `breakwater.v1` as its own pages do, which send only the new question and
 * acknowledge what has arrived, or over the wire of AI SDK's WebSocketChatTransport, which sends the whole chat.
 */
import { SessionSummary, SessionTicket } from "../../src/protocol/session-api.ts";
import { ACK_EVERY_BYTES, LIVE_SUBPROTOCOL } from "../../src/protocol/session-frame.ts";
import { toModelName, type AnswerPlan } from "./answer-plan.ts";
import type { ChatSystem, ResumableChat, TurnTimes } from "./chat-system.ts";
import { QUESTION } from "./question.ts";
import { openLine, type SocketLine } from "./socket-line.ts";
import { TurnWatch } from "./turn-watch.ts";

export type Wire = "live" | "stock";

export interface BreakwaterServer {
  /** Without a slash at its end. */
  readonly url: string;
  readonly apiKey: string;
  readonly readCpuMs: () => Promise<number | null>;
}

/** The providers whose address is the bench's, each with a wire of its own. */
export type BenchProvider = "openai" | "anthropic" | "google";

/** A frame as far as it matters here. By plain checks: every piece of every answer comes through here. */
interface Frame {
  readonly type: unknown;
  readonly requestId: unknown;
  readonly sequence: number;
  readonly delta: string;
  /** Of a `start` chunk. */
  readonly messageId: string;
  /** Null when nothing went wrong. */
  readonly errorText: string | null;
}

function parseFrame(text: string): Frame {
  const json: unknown = JSON.parse(text);
  const frame: Partial<Record<string, unknown>> =
    typeof json === "object" && json !== null ? { ...json } : {};
  const { chunk, sequence } = frame;
  const has = typeof chunk === "object" && chunk !== null;
  return {
    type: frame["type"],
    requestId: frame["requestId"],
    sequence: typeof sequence === "number" ? sequence : 0,
    delta: has && "delta" in chunk && typeof chunk.delta === "string" ? chunk.delta : "",
    messageId: has && "messageId" in chunk && typeof chunk.messageId === "string" ? chunk.messageId : "",
    errorText: readErrorText(frame, has ? chunk : {}),
  };
}

function readErrorText(frame: Partial<Record<string, unknown>>, chunk: object): string | null {
  const text = "errorText" in chunk ? chunk.errorText : frame["errorText"];
  if (text !== undefined) return typeof text === "string" ? text : "an error without words";
  return null;
}

export class BreakwaterChat implements ResumableChat {
  readonly sessionId: string;
  /** From the opened socket to the chat as it stands; null before it came, and on the stock wire. */
  helloMs: number | null = null;
  private readonly server: BreakwaterServer;
  private readonly wire: Wire;
  private readonly provider: BenchProvider;
  private line: SocketLine | null = null;
  private readonly messages: object[] = [];
  private watch: TurnWatch | null = null;
  private requestId = "";
  private answer = { id: "", text: "" };
  private unacknowledgedBytes = 0;
  private greeted = Promise.withResolvers<void>();

  private constructor(server: BreakwaterServer, wire: Wire, provider: BenchProvider, sessionId: string) {
    this.server = server;
    this.wire = wire;
    this.provider = provider;
    this.sessionId = sessionId;
  }

  /** A new chat, without a socket. */
  static async create(
    server: BreakwaterServer,
    wire: Wire,
    provider: BenchProvider = "openai",
  ): Promise<BreakwaterChat> {
    const summary = SessionSummary.parse(await post(server, "/api/v1/sessions"));
    return new BreakwaterChat(server, wire, provider, summary.id);
  }

  async connect(): Promise<void> {
    const path = `/api/v1/sessions/${this.sessionId}`;
    const { ticket } = SessionTicket.parse(await post(this.server, `${path}/ticket`));
    const protocols = this.wire === "live" ? [LIVE_SUBPROTOCOL] : [];
    const startedMs = performance.now();
    this.greeted = Promise.withResolvers();
    this.line = await openLine(`${this.server.url}${path}/socket?ticket=${ticket}`, protocols, {
      onText: (text) => {
        const frame = parseFrame(text);
        if (frame.type === "hello") {
          this.helloMs = performance.now() - startedMs;
          this.greeted.resolve();
        } else {
          this.read(frame, text.length);
        }
      },
      onLost: (why) => {
        this.greeted.reject(new Error(why));
        this.watch?.fail(why);
      },
    });
    if (this.wire === "live") await this.greeted.promise;
  }

  async ask(plan: AnswerPlan): Promise<TurnTimes> {
    const times = await this.start(plan).ended;
    const parts = [{ type: "step-start" }, { type: "text", text: this.answer.text, state: "done" }];
    this.messages.push({ id: this.answer.id, role: "assistant", parts });
    return times;
  }

  start(plan: AnswerPlan): TurnWatch {
    const question = { id: crypto.randomUUID(), role: "user", parts: [{ type: "text", text: QUESTION }] };
    this.messages.push(question);
    this.answer = { id: "", text: "" };
    const watch = this.begin(plan);
    this.send({
      type: "send",
      trigger: "submit-message",
      messages: this.wire === "live" ? [question] : this.messages,
      body: { model: `${this.provider}/${toModelName(plan)}` },
    });
    return watch;
  }

  resume(plan: AnswerPlan): TurnWatch {
    const watch = this.begin(plan);
    this.send({ type: "resume", body: {} });
    return watch;
  }

  close(): void {
    this.line?.close();
    this.line = null;
  }

  /** Under an id of its own, so that what an older socket was still sent does not count. */
  private begin(plan: AnswerPlan): TurnWatch {
    this.requestId = crypto.randomUUID();
    this.watch = new TurnWatch(plan);
    return this.watch;
  }

  private send(frame: object): void {
    const common = { requestId: this.requestId, id: this.sessionId, headers: {} };
    this.line?.send(JSON.stringify({ ...common, ...frame }));
  }

  private read(frame: Frame, bytes: number): void {
    if (frame.requestId !== this.requestId) return;
    if (frame.errorText !== null) this.watch?.fail(frame.errorText);
    if (frame.type === "chunk") {
      if (frame.messageId !== "") this.answer.id = frame.messageId;
      this.answer.text += frame.delta;
      this.watch?.noteText(frame.delta);
      if (this.wire === "live") this.acknowledge(frame.sequence, bytes);
    } else if (frame.type === "end") {
      this.watch?.end();
    }
  }

  private acknowledge(sequence: number, bytes: number): void {
    this.unacknowledgedBytes += bytes;
    if (this.unacknowledgedBytes < ACK_EVERY_BYTES) return;
    this.unacknowledgedBytes = 0;
    this.line?.send(JSON.stringify({ type: "ack", requestId: this.requestId, sequence }));
  }
}

async function post(server: BreakwaterServer, path: string): Promise<unknown> {
  const response = await fetch(server.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body: "{}",
  });
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`);
  return response.json();
}

export function createBreakwaterSystem(
  server: BreakwaterServer,
  wire: Wire,
  provider: BenchProvider = "openai",
): ChatSystem {
  const names = { live: "Breakwater", stock: "Breakwater, AI SDK's wire" };
  return {
    name: provider === "openai" ? names[wire] : `${names[wire]}, ${provider}`,
    openChat: async () => {
      const chat = await BreakwaterChat.create(server, wire, provider);
      await chat.connect();
      return chat;
    },
    readCpuMs: server.readCpuMs,
  };
}
