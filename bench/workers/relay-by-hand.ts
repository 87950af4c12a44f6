/**
 * What a chat owes, in the fewest lines, for `npm run bench -- session`: a question and its turn are stored before the
 * provider is asked, the history goes along, the call has a deadline, and each word goes out in a numbered frame. It shows
 * what those duties add to a relay's first word before there is any product: nothing is checked, nobody is chosen, and what
 * breaks stays broken.
 */
import { DurableObject } from "cloudflare:workers";
import { isObject } from "../../src/providers/is-object.ts";
import { readContent } from "../session/read-content.ts";

interface ByHandBindings {
  readonly BY_HAND: DurableObjectNamespace<ChatByHand>;
  readonly UPSTREAM_URL: string;
}

const DEADLINE_MS = 60_000;

export class ChatByHand extends DurableObject<ByHandBindings> {
  private readonly messages: { readonly role: string; readonly content: string }[] = [];

  constructor(ctx: DurableObjectState, env: ByHandBindings) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "create table if not exists message (id integer primary key, role text, content text)",
    );
    ctx.storage.sql.exec("create table if not exists turn (id integer primary key, asked text)");
  }

  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, data: string): Promise<void> {
    const asked: unknown = JSON.parse(data);
    if (!isObject(asked) || typeof asked["question"] !== "string") return socket.close(1008, "no question");
    this.store("user", asked["question"]);
    this.ctx.storage.sql.exec("insert into turn (asked) values (?)", data);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), DEADLINE_MS);
    try {
      const body = JSON.stringify({ model: asked["model"], stream: true, messages: this.messages });
      const headers = { "content-type": "application/json" };
      const { signal } = controller;
      const url = `${this.env.UPSTREAM_URL}/chat/completions`;
      const response = await fetch(url, { method: "POST", headers, body, signal });
      if (!response.ok || response.body === null) return socket.close(1011, "the provider refused");
      await this.pass(response.body, socket);
    } finally {
      clearTimeout(timer);
    }
  }

  private async pass(body: ReadableStream, socket: WebSocket): Promise<void> {
    const decoder = new TextDecoder();
    let answer = "";
    let sequence = 0;
    let unread = "";
    const reader = body.getReader();
    for (;;) {
      const read: { done: boolean; value?: unknown } = await reader.read();
      if (read.done) break;
      if (!(read.value instanceof Uint8Array)) continue;
      const events = (unread + decoder.decode(read.value, { stream: true })).split("\n\n");
      unread = events.pop() ?? "";
      for (const event of events) {
        const text = event === "data: [DONE]" ? "" : readContent(event.slice("data: ".length));
        if (text === "") continue;
        answer += text;
        sequence += 1;
        socket.send(JSON.stringify({ type: "chunk", sequence, delta: text }));
      }
    }
    this.store("assistant", answer);
    socket.send(JSON.stringify({ type: "end", sequence }));
  }

  private store(role: string, content: string): void {
    this.messages.push({ role, content });
    this.ctx.storage.sql.exec("insert into message (role, content) values (?, ?)", role, content);
  }
}

export default {
  fetch: (request, env) =>
    env.BY_HAND.get(env.BY_HAND.idFromName(new URL(request.url).pathname)).fetch(request),
} satisfies ExportedHandler<ByHandBindings>;
