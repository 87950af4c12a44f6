/** Reading and writing of plain HTTP messages, for the sandbox's own server. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isObject } from "./provider-wire.ts";
import type { JsonObject } from "./provider-wire.ts";

/** Images travel in bodies. */
const MAX_BODY_BYTES = 20 * 1024 * 1024;
/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** The body as text; null when it is too large. */
export async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A JSON object, or null for anything else. */
export function parseObject(text: string): JsonObject | null {
  try {
    const json: unknown = JSON.parse(text);
    return isObject(json) ? json : null;
  } catch {
    // The caller answers with the wire's own error.
    return null;
  }
}
