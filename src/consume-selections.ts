/**
 * The queue's end: selection messages into D1, each exactly once, then to whoever watches. Messages that keep
 * failing end in the dead-letter queue, and from there in a file, so that a record is never only gone. Rules RT35 to RT37, OP64, OP65.
 */
import { toWritten, type WrittenRecords } from "./analytics/selection-batch.ts";
import { createSelectionStore } from "./analytics/store.ts";
import { openDatabase } from "./auth/store/database.ts";
import { describeError } from "./auth/store/describe-error.ts";
import type { Bindings } from "./env.ts";
import type { SelectionTail } from "./protocol/circuit.ts";
import type { SelectionRecord } from "./protocol/selection.ts";
import { createSessionDirectory } from "./session/directory/store.ts";
import { readBundle } from "./session/selections/selection-bundle.ts";
import { SelectionMessage } from "./session/selections/selection-message.ts";
import { openWiring } from "./wiring.ts";

const DEAD_LETTER_QUEUE = /-dead(-[a-z]+)?$/u;

/** The Worker's `queue` entry. */
export async function consumeSelections(batch: MessageBatch, env: Bindings): Promise<void> {
  if (DEAD_LETTER_QUEUE.test(batch.queue)) await keepDeadLetters(batch, env);
  else await writeSelections(batch, env);
}

async function writeSelections(batch: MessageBatch, env: Bindings): Promise<void> {
  const { log } = openWiring(env);
  const good: SelectionMessage[] = [];
  const written: WrittenRecords[] = [];
  const whole: Message[] = [];
  const told: SelectionRecord[] = [];
  for (const message of batch.messages) {
    const { selections, texts, mistake } = readSelections(message.body);
    good.push(...selections);
    written.push(...texts);
    // One with a mistake comes again and again, and its good records were told of the first time.
    if (mistake === null || message.attempts === 1) told.push(...selections.map(({ record }) => record));
    if (mistake === null) {
      whole.push(message);
      continue;
    }
    const error = `the message has another shape: ${mistake}`;
    log.write("error", "selection_log_failed", { request_id: message.id, error });
    message.retry();
  }
  if (good.length === 0) return;
  const records = good.map(({ record }) => record);
  try {
    await insert(env, good, written);
  } catch (error) {
    log.write("error", "selection_log_failed", {
      request_id: records.map(({ requestId }) => requestId).join(","),
      error: describeError(error),
    });
    for (const message of whole) message.retry({ delaySeconds: toRetryDelaySeconds(message.attempts) });
    return;
  }
  for (const message of whole) message.ack();
  if (told.length > 0) await publish(env, told);
}

/** 5 s, 25 s, 2 min, 10 min, 52 min: five tries (wrangler.jsonc) that outlast an hour without the database. */
function toRetryDelaySeconds(attempts: number): number {
  return 5 ** Math.min(Math.max(attempts, 1), 5);
}

interface ReadMessage {
  readonly selections: readonly SelectionMessage[];
  readonly texts: readonly WrittenRecords[];
  readonly mistake: string | null;
}

const toUnreadable = (mistake: string): ReadMessage => ({ selections: [], texts: [], mistake });

/** A text is a bundle of records, anything else one of a chat's. */
function readSelections(body: unknown): ReadMessage {
  if (typeof body === "string") {
    const bundle = readBundle(body);
    if (!bundle.ok) return toUnreadable(bundle.error);
    const { records, mistake } = bundle.value;
    const selections = records.map((record) => ({ record, sessionTitle: null, replacedTitle: null }));
    return { selections, texts: [bundle.value], mistake };
  }
  const parsed = SelectionMessage.safeParse(body);
  if (!parsed.success) return toUnreadable(parsed.error.issues[0]?.message ?? "");
  return { selections: [parsed.data], texts: [toWritten(parsed.data.record)], mistake: null };
}

async function insert(
  env: Bindings,
  selections: readonly SelectionMessage[],
  texts: readonly WrittenRecords[],
): Promise<void> {
  const database = openDatabase(env.DB);
  await createSelectionStore(database).insertWritten(texts);
  const directory = createSessionDirectory(database);
  for (const { record, sessionTitle, replacedTitle } of selections) {
    if (record.sessionId !== null && sessionTitle !== null) {
      await directory.nameUntitled(record.sessionId, sessionTitle, replacedTitle);
    }
  }
}

/** No more of a batch than somebody can read. */
const MAX_PUBLISHED = 200;

/** The console pulls what it missed: a failed push is only a line in the log. */
async function publish(env: Bindings, records: readonly SelectionRecord[]): Promise<void> {
  const { liveConsole, log } = openWiring(env);
  try {
    await liveConsole().publishSelections(JSON.stringify(records.slice(-MAX_PUBLISHED).map(toTail)));
  } catch (error) {
    log.write("warn", "background_failed", { task: "selection-publish", error: describeError(error) });
  }
}

function toTail(record: SelectionRecord): SelectionTail {
  return {
    id: record.id,
    requestId: record.requestId,
    atMs: Date.parse(record.createdAt),
    provider: record.provider,
    model: record.model,
    status: record.status,
    intent: record.intent,
    mode: record.mode,
    attempts: record.attempts.length,
    firstTokenMs: record.firstTokenMs,
    costMicroUsd: record.costMicroUsd,
  };
}

/** One file for each message, under the day it was given up; the runbook says how to bring them back. */
async function keepDeadLetters(batch: MessageBatch, env: Bindings): Promise<void> {
  const { log } = openWiring(env);
  for (const message of batch.messages) {
    const key = `dead-letters/selections/${message.timestamp.toISOString().slice(0, 10)}/${message.id}.json`;
    const { body } = message;
    await env.FILES.put(key, typeof body === "string" ? body : JSON.stringify(body));
    message.ack();
    log.write("error", "selection_log_failed", { request_id: message.id, error: `given up, kept as ${key}` });
  }
}
