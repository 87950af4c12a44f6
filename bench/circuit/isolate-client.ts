/** One isolate of the running product as the bench calls it: completions, and the bench's own doors. */
import { z } from "zod";

const Counts = z.object({ calls: z.number(), waitedFor: z.number(), sent: z.number() });
const Heard = z.record(z.string(), z.number());
const Control = z.object({ atMs: z.number() });

export interface Completion {
  /** Epoch milliseconds when the request was sent. */
  readonly startedMs: number;
  readonly durationMs: number;
  readonly provider: string;
}

export class IsolateClient {
  readonly url: string;
  private readonly apiKey: string;

  constructor(url: string, apiKey: string) {
    this.url = url;
    this.apiKey = apiKey;
  }

  async complete(models: readonly string[], headers: Record<string, string> = {}): Promise<Completion> {
    const startedMs = Date.now();
    const started = performance.now();
    const response = await fetch(`${this.url}/v1/chat/completions`, {
      method: "POST",
      headers: { ...headers, authorization: `Bearer ${this.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model: models[0], models, messages: [{ role: "user", content: "Say OK." }] }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`a completion was answered with ${response.status}: ${text.slice(0, 300)}`);
    const provider = response.headers.get("x-breakwater-provider") ?? "";
    return { startedMs, durationMs: performance.now() - started, provider };
  }

  /** A model of this provider that the product knows, as `provider/model`. */
  async findModel(provider: string): Promise<string> {
    const response = await fetch(`${this.url}/v1/models`, {
      headers: { authorization: `Bearer ${this.apiKey}` },
    });
    const models = z.object({ data: z.array(z.object({ id: z.string() })) }).parse(await response.json());
    const found = models.data.find(({ id }) => id.startsWith(`${provider}/`));
    if (found === undefined) throw new Error(`the product knows no model of ${provider}`);
    return found.id;
  }

  async readCounts(): Promise<z.infer<typeof Counts>> {
    return Counts.parse(await this.readBench("counts"));
  }

  /** By provider: when this isolate was told that its circuit is open, since this was last asked. */
  async takeHeard(): Promise<Record<string, number>> {
    return Heard.parse(await this.readBench("heard"));
  }

  async setObjectDelay(delayMs: number): Promise<void> {
    await this.readBench(`settings?delayMs=${delayMs}`);
  }

  /** So many checks in a loop inside workerd. */
  async runChecks(count: number): Promise<void> {
    await this.readBench(`checks?count=${count}`);
  }

  /** Epoch milliseconds of the transition. */
  async control(provider: string, action: "open" | "reset"): Promise<number> {
    return Control.parse(await this.readBench(`control?provider=${provider}&action=${action}`)).atMs;
  }

  private async readBench(path: string): Promise<unknown> {
    const response = await fetch(`${this.url}/bench/${path}`);
    if (!response.ok) throw new Error(`the bench's door ${path} answered with ${response.status}`);
    return response.json();
  }
}
