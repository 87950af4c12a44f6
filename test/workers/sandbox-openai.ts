/** OpenAI's own package, unmodified, as a client of the Worker. */
import { exports } from "cloudflare:workers";
import OpenAI from "openai";
import { ORIGIN, type Visitor } from "./sandbox-people.ts";

/** A client with the visitor's key. */
export function createOpenAiClient(visitor: Visitor): OpenAI {
  return new OpenAI({
    apiKey: visitor.credentials["authorization"]?.slice("Bearer ".length) ?? "",
    baseURL: `${ORIGIN}/v1`,
    maxRetries: 0,
    fetch: (url, init) =>
      exports.default.fetch(new Request(url instanceof Request ? url : String(url), init)),
  });
}
