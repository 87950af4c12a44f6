/** The adapters' fetch in the wider signature that the AI SDK asks for. */
import type { FetchFunction } from "./fetch-function.ts";

export function toSdkFetch(fetch: FetchFunction): typeof globalThis.fetch {
  return (input: RequestInfo | URL, init?: RequestInit) =>
    fetch(
      typeof input === "string" ? input : input instanceof URL ? input.toString() : input.url,
      init ?? {},
    );
}
