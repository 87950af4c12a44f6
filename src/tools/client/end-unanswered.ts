/**
 * Ends a conversation whose server closed the stream of an answer before the answer: the SDK would wait for it until its
 * time is up. A stream that can be taken up again was by then, in vain. Rules TL41, TL54.
 */
import type { JSONRPCMessage, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { Exchange } from "./exchange.ts";

type RequestId = string | number;

/** The SDK's question for a server's generation, whose answers it tells nobody of; its time is bounded by itself. */
const PROBE_METHOD = "server/discover";

/** For a transport that is not connected yet: the SDK's client listens behind whoever listened before it. */
export function endUnanswered(transport: StreamableHTTPClientTransport, exchange: Exchange): void {
  const unanswered = new Set<RequestId>();
  const { onmessage } = transport;
  transport.onmessage = (message) => {
    // A stream ends behind its answer too: only then is nothing missing.
    if (!("method" in message) && message.id !== undefined) unanswered.delete(message.id);
    onmessage?.(message);
  };
  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    const id = readRequestId(message);
    if (id === null) return await send(message, options);
    unanswered.add(id);
    const onRequestStreamEnd = (): void => {
      options?.onRequestStreamEnd?.();
      if (unanswered.has(id)) exchange.end("ended its answer before it was whole");
    };
    await send(message, { ...options, onRequestStreamEnd });
  };
}

function readRequestId(message: JSONRPCMessage | JSONRPCMessage[]): RequestId | null {
  if (Array.isArray(message) || !("method" in message) || !("id" in message)) return null;
  return message.method === PROBE_METHOD ? null : message.id;
}
