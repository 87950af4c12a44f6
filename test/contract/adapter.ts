/** The adapters under contract, each over the stand-in that speaks its wire, and what the suites share. */
import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import { z } from "zod";
import type { FetchFunction } from "../../src/providers/client/fetch-function.ts";
import { toProviderId } from "../../src/providers/provider-config.ts";
import type { ProviderConfig } from "../../src/providers/provider-config.ts";
import type { ModelCall, ModelEvent, Provider } from "../../src/providers/provider.ts";
import { createProviderRegistry } from "../../src/providers/registry.ts";
import type { FaultName } from "../../sandbox/fault.ts";
import type { SandboxProvider } from "../../sandbox/provider-wire.ts";

export interface AdapterCase {
  readonly name: string;
  readonly standIn: SandboxProvider;
  readonly modelId: string;
  readonly config: Pick<ProviderConfig, "wire" | "dialect">;
  readonly path: string;
}

export const ADAPTERS: readonly AdapterCase[] = [
  {
    name: "anthropic",
    standIn: "anthropic",
    modelId: "claude-sonnet-5",
    config: { wire: "anthropic", dialect: "openai" },
    path: "/anthropic/v1",
  },
  {
    name: "openai",
    standIn: "openai",
    modelId: "gpt-6-sol",
    config: { wire: "openai-chat", dialect: "openai" },
    path: "/openai/v1",
  },
  {
    name: "google",
    standIn: "google",
    modelId: "gemini-3.8-flash",
    config: { wire: "google", dialect: "openai" },
    path: "/google/v1beta",
  },
  {
    name: "deepseek",
    standIn: "deepseek",
    modelId: "deepseek-v4-flash",
    config: { wire: "openai-chat", dialect: "deepseek" },
    path: "/deepseek/v1",
  },
  {
    name: "compatible",
    standIn: "openai",
    modelId: "some-local-model",
    config: { wire: "openai-chat", dialect: "compatible" },
    path: "/openai/v1",
  },
];

export interface SentRequest {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly redirect: string | undefined;
}

export interface MadeProvider {
  readonly provider: Provider;
  /** What left for the network, newest last. */
  readonly sent: SentRequest[];
}

/** A fixed moment: only a `Retry-After` date would be counted from it. */
export const NOW_MS = Date.parse("2026-11-20T12:00:00Z");

export function makeProvider(
  adapter: AdapterCase,
  sandboxUrl: string,
  options: { readonly apiKey?: string | null; readonly fetch?: FetchFunction } = {},
): MadeProvider {
  const sent: SentRequest[] = [];
  const inner = options.fetch ?? ((url, init) => fetch(url, init));
  const id = toProviderId(adapter.name);
  const registry = createProviderRegistry(
    [
      {
        id,
        displayName: adapter.name,
        ...adapter.config,
        baseUrl: sandboxUrl + adapter.path,
        apiKey: options.apiKey === undefined ? "contract-test-key" : options.apiKey,
        sandbox: true,
        models: [],
      },
    ],
    {
      nowMs: () => NOW_MS,
      fetch(url, init) {
        sent.push({
          url,
          headers: new Headers(init.headers),
          body: typeof init.body === "string" ? init.body : "",
          redirect: init.redirect,
        });
        return inner(url, init);
      },
    },
  );
  const provider = registry.find(id);
  if (provider === null) throw new Error("the registry has no such provider");
  return { provider, sent };
}

export function userPrompt(text: string): LanguageModelV4Prompt {
  return [{ role: "user", content: [{ type: "text", text }] }];
}

export interface Collected {
  readonly batches: readonly (readonly ModelEvent[])[];
  readonly events: readonly ModelEvent[];
  readonly text: string;
  readonly reasoning: string;
  readonly last: ModelEvent | undefined;
}

/** Runs a call to its end. `onEvent` may abort. */
export async function collect(
  stream: AsyncIterable<readonly ModelEvent[]>,
  onEvent: (event: ModelEvent) => void = () => {},
): Promise<Collected> {
  const batches: (readonly ModelEvent[])[] = [];
  for await (const batch of stream) {
    batches.push(batch);
    batch.forEach(onEvent);
  }
  const events = batches.flat();
  return {
    batches,
    events,
    text: events.map((event) => (event.type === "text-delta" ? event.text : "")).join(""),
    reasoning: events.map((event) => (event.type === "reasoning-delta" ? event.text : "")).join(""),
    last: events.at(-1),
  };
}

export function startCall(provider: Provider, call: ModelCall): Promise<Collected> {
  return collect(provider.stream(call, new AbortController().signal));
}

/** The rule that every run keeps, whatever came of it. */
export function countTerminals(events: readonly ModelEvent[]): number {
  return events.filter((event) => event.type === "finish" || event.type === "fail").length;
}

export async function setFault(
  sandboxUrl: string,
  standIn: SandboxProvider,
  fault: FaultName,
  settings: { readonly afterChunks?: number; readonly retryAfterSeconds?: number } = {},
): Promise<void> {
  const response = await fetch(`${sandboxUrl}/control/${standIn}`, {
    method: "PUT",
    body: JSON.stringify({ fault, ...settings }),
  });
  if (!response.ok) throw new Error(`the control answered ${response.status}`);
}

export async function resetFaults(sandboxUrl: string): Promise<void> {
  await fetch(`${sandboxUrl}/control`, { method: "DELETE" });
  await fetch(`${sandboxUrl}/journal`, { method: "DELETE" });
}

const JournalLine = z.looseObject({ provider: z.string(), path: z.string(), outcome: z.string() });
type JournalLine = z.infer<typeof JournalLine>;
const JournalAnswer = z.object({ requests: z.array(JournalLine) });

export async function readJournal(sandboxUrl: string): Promise<readonly JournalLine[]> {
  const response = await fetch(`${sandboxUrl}/journal`);
  return JournalAnswer.parse(await response.json()).requests;
}

/** Asks the journal until its last request has left the state `open`: the server sees a close a moment later. */
export async function waitForOutcome(sandboxUrl: string): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const outcome = (await readJournal(sandboxUrl)).at(-1)?.outcome ?? "open";
    if (outcome !== "open") return outcome;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return "open";
}
