/**
 * The limit of `npm run bench -- session`: an object that accepts a socket, sends what comes over it to the provider, and
 * passes the answer's bytes on as they come. It parses nothing, stores nothing and knows nobody.
 */
import { DurableObject } from "cloudflare:workers";

interface RelayBindings {
  readonly RELAY: DurableObjectNamespace<RelayChat>;
  readonly UPSTREAM_URL: string;
}

export class RelayChat extends DurableObject<RelayBindings> {
  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, body: string): Promise<void> {
    const response = await fetch(`${this.env.UPSTREAM_URL}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    if (!response.ok || response.body === null) return socket.close(1011, "the provider refused");
    const reader = response.body.getReader();
    for (;;) {
      const read: { done: boolean; value?: unknown } = await reader.read();
      if (read.done) return;
      if (read.value instanceof Uint8Array) socket.send(read.value);
    }
  }
}

export default {
  fetch: (request, env) => env.RELAY.get(env.RELAY.idFromName(new URL(request.url).pathname)).fetch(request),
} satisfies ExportedHandler<RelayBindings>;
