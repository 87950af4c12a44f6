/** Answers a request for embeddings, with the faults of any answer that comes in one piece. */
import type { ServerResponse } from "node:http";
import type { FaultSettings } from "./fault.ts";
import { sendJson } from "./http-message.ts";
import type { JournalEntry } from "./journal.ts";
import type { JsonObject, ProviderWire, SandboxProvider } from "./provider-wire.ts";
import { sendWhole } from "./stream-answer.ts";

export interface EmbeddingCall {
  readonly response: ServerResponse;
  readonly provider: SandboxProvider;
  readonly wire: ProviderWire;
}

export async function sendEmbeddings(
  { response, provider, wire }: EmbeddingCall,
  body: JsonObject,
  {
    model,
    settings,
    entry,
  }: { readonly model: string; readonly settings: FaultSettings; readonly entry: JournalEntry },
): Promise<void> {
  const embeddings = wire.embed?.(model, body) ?? null;
  if (embeddings === null) {
    entry.outcome = "refused";
    const message = "The texts to embed cannot be read";
    return sendJson(response, 400, wire.toError({ status: 400, type: "invalid_request_error", message }));
  }
  const outcome = await sendWhole({ response, provider, wire, text: JSON.stringify(embeddings), settings });
  if (settings.fault !== "stall" || outcome !== "broken") entry.outcome = outcome;
}
