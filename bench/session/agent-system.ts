/**
 * Cloudflare's AIChatAgent as its own client speaks with it (`useAgentChat` of @cloudflare/ai-chat 0.12): the whole chat
 * goes along with every question, every chunk comes as JSON within JSON. After a reconnect it asks for a stream to resume
 * and is sent that from its beginning.
 */
import type { RunningPeer } from "../workerd/start-peer.ts";
import { toModelName, type AnswerPlan } from "./answer-plan.ts";
import type { BenchChat, ChatSystem, ResumableChat, TurnTimes } from "./chat-system.ts";
import { QUESTION } from "./question.ts";
import { openLine, type SocketLine } from "./socket-line.ts";
import { TurnWatch } from "./turn-watch.ts";

interface Message {
  readonly id: string;
  readonly role: "user" | "assistant";
  readonly parts: readonly object[];
}

/** A frame as far as it matters here. By plain checks: every word comes through here, and through its client too. */
interface Frame {
  readonly type: unknown;
  readonly id: unknown;
  readonly body: unknown;
  readonly done: unknown;
  readonly error: unknown;
}

function parseFrame(text: string): Frame {
  const json: unknown = JSON.parse(text);
  const frame: Partial<Record<string, unknown>> =
    typeof json === "object" && json !== null ? { ...json } : {};
  return {
    type: frame["type"],
    id: frame["id"],
    body: frame["body"],
    done: frame["done"],
    error: frame["error"],
  };
}

/** The text that a chunk adds, and the message's id where it says it. */
function parseChunk(body: string): { delta: string; messageId: string | null } {
  const chunk: unknown = JSON.parse(body);
  if (typeof chunk !== "object" || chunk === null) return { delta: "", messageId: null };
  const delta = "delta" in chunk && typeof chunk.delta === "string" ? chunk.delta : "";
  const messageId = "messageId" in chunk && typeof chunk.messageId === "string" ? chunk.messageId : null;
  return { delta, messageId };
}

export class AgentChat implements ResumableChat {
  private readonly url: string;
  private line: SocketLine | null = null;
  private readonly messages: Message[] = [];
  private watch: TurnWatch | null = null;
  private requestId = "";
  private wantsResume = false;
  private answer = { id: "", text: "" };

  constructor(url: string) {
    this.url = url;
  }

  async connect(): Promise<void> {
    this.line = await openLine(this.url, [], {
      onText: (text) => this.read(parseFrame(text)),
      onLost: (why) => this.watch?.fail(why),
    });
  }

  async ask(plan: AnswerPlan): Promise<TurnTimes> {
    const times = await this.start(plan).ended;
    const parts = [{ type: "step-start" }, { type: "text", text: this.answer.text, state: "done" }];
    this.messages.push({ id: this.answer.id, role: "assistant", parts });
    return times;
  }

  start(plan: AnswerPlan): TurnWatch {
    this.messages.push({
      id: crypto.randomUUID(),
      role: "user",
      parts: [{ type: "text", text: QUESTION }],
    });
    this.requestId = crypto.randomUUID().slice(0, 8);
    this.answer = { id: "", text: "" };
    const watch = new TurnWatch(plan);
    this.watch = watch;
    const body = { messages: this.messages, trigger: "submit-message", model: toModelName(plan) };
    this.send({
      id: this.requestId,
      init: { method: "POST", body: JSON.stringify(body) },
      type: "cf_agent_use_chat_request",
    });
    return watch;
  }

  resume(plan: AnswerPlan): TurnWatch {
    const watch = new TurnWatch(plan);
    this.watch = watch;
    this.wantsResume = true;
    this.send({ type: "cf_agent_stream_resume_request", probeId: crypto.randomUUID().slice(0, 8) });
    return watch;
  }

  close(): void {
    this.line?.close();
    this.line = null;
  }

  private send(frame: object): void {
    this.line?.send(JSON.stringify(frame));
  }

  private read(frame: Frame): void {
    // It is offered once by itself and once as the answer to the wish: taken once, as its own client does.
    if (frame.type === "cf_agent_stream_resuming" && typeof frame.id === "string") {
      if (!this.wantsResume) return;
      this.wantsResume = false;
      this.requestId = frame.id;
      this.send({ type: "cf_agent_stream_resume_ack", id: frame.id });
      return;
    }
    if (frame.type !== "cf_agent_use_chat_response" || frame.id !== this.requestId) return;
    if (frame.error === true) this.watch?.fail(String(frame.body));
    if (typeof frame.body === "string" && frame.body !== "") {
      const { delta, messageId } = parseChunk(frame.body);
      if (messageId !== null) this.answer.id = messageId;
      this.answer.text += delta;
      this.watch?.noteText(delta);
    }
    if (frame.done === true) this.watch?.end();
  }
}

/** `agent` is the class's name as routes have it. */
export function createAgentSystem({ url, readCpuMs }: RunningPeer, agent: string): ChatSystem {
  const openChat = async (): Promise<BenchChat> => {
    const chat = new AgentChat(toAgentUrl(url, agent));
    await chat.connect();
    return chat;
  };
  return { name: "AIChatAgent", openChat, readCpuMs };
}

/** The address of a chat that nobody has had yet. */
export function toAgentUrl(url: string, agent: string): string {
  return `${url}/agents/${agent}/${crypto.randomUUID()}`;
}
