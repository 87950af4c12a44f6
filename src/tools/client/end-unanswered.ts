/**
 * Ends a conversation whose server closed the stream of an answer before the answer: the SDK would wait for it until its
 * time is up. A stream that can be taken up again was by then, in vain. Rule TL41.
 */
import type { JSONRPCMessage, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { Exchange } from "./exchange.ts";

type RequestId = string | number;

/** For a client that is connected: the SDK sets its own listener when it connects. */
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
  return !Array.isArray(message) && "method" in message && "id" in message ? message.id : null;
}
