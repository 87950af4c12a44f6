/**
 * The stand-in providers as tests see them: faults are set, requests are counted. They run in Node
 * (test/workers-setup.ts) and are shared by the files of one run, so every test heals what it broke.
 */
import { env } from "cloudflare:workers";
import { z } from "zod";

const sandboxUrl = z.url().parse(Reflect.get(env, "SANDBOX_URL"));

const JournalEntry = z.object({
  provider: z.string(),
  path: z.string(),
  model: z.string().nullable(),
  fault: z.string(),
  outcome: z.enum(["open", "complete", "refused", "broken", "client-closed"]),
});
export type JournalEntry = z.infer<typeof JournalEntry>;
const Journal = z.object({ requests: z.array(JournalEntry) });

export interface Fault {
  readonly fault: string;
  readonly afterChunks?: number;
  readonly retryAfterSeconds?: number;
  readonly times?: number;
}

export async function breakProvider(provider: string, fault: Fault): Promise<void> {
  const answer = await fetch(`${sandboxUrl}/control/${provider}`, {
    method: "PUT",
    body: JSON.stringify(fault),
  });
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
}

/** Every provider is well again, and nobody remembers any request. */
export async function healSandbox(): Promise<void> {
  for (const path of ["/control", "/journal"]) {
    const answer = await fetch(sandboxUrl + path, { method: "DELETE" });
    await answer.body?.cancel();
  }
}

/** Questions to models, oldest first; lists of models (the free half of a probe) are left out. */
export async function readJournal(provider?: string): Promise<JournalEntry[]> {
  const answer = await fetch(`${sandboxUrl}/journal`);
  const { requests } = Journal.parse(await answer.json());
  return requests.filter(
    (entry) => (provider === undefined || entry.provider === provider) && !entry.path.endsWith("/models"),
  );
}

const POLL_EVERY_MS = 15;
const GIVE_UP_AFTER_MS = 6_000;

/** Asks again and again until the answer is right: for what tells nobody that it has changed. */
export async function waitUntil<Value>(
  read: () => Promise<Value> | Value,
  isRight: (value: Value) => boolean,
  limitMs = GIVE_UP_AFTER_MS,
): Promise<Value> {
  const giveUpAtMs = Date.now() + limitMs;
  for (;;) {
    const value = await read();
    if (isRight(value)) return value;
    if (Date.now() > giveUpAtMs)
      throw new Error(`waited in vain; the last value was ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
}
