/**
 * The queue that selection records are handed to, as the platform's: a batch has limits, takes a moment, may be refused,
 * and may be taken although the sender hears of a failure or dies before it hears anything.
 */
import type { Clock } from "../../../src/base/clock.ts";
import type { Random } from "../../../src/base/random.ts";
import { SelectionMessage } from "../../../src/session/selections/selection-message.ts";
import { between } from "./chance.ts";

/** https://developers.cloudflare.com/queues/platform/limits/ */
const MAX_BATCH = 100;
const MAX_MESSAGE_BYTES = 128_000;
const MAX_BATCH_BYTES = 256_000;

export interface SimQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly readTrouble: () => number;
  /** A batch is on its way. */
  readonly onSend: () => void;
}

export class SimQueue {
  /** Everything that was taken, in order; D1 drops what comes twice. */
  readonly taken: SelectionMessage[] = [];
  private readonly deps: SimQueueDeps;

  constructor(deps: SimQueueDeps) {
    this.deps = deps;
  }

  /** `senderClock` dies with the sender: then nobody hears what became of the batch. */
  async sendBatch(senderClock: Clock, messages: readonly { readonly body: unknown }[]): Promise<void> {
    const { clock, random, readTrouble, onSend } = this.deps;
    onSend();
    const sizes = messages.map(({ body }) => Buffer.byteLength(JSON.stringify(body)));
    if (messages.length > MAX_BATCH) throw new Error("Queue sendBatch failed: too many messages");
    if (
      sizes.some((size) => size > MAX_MESSAGE_BYTES) ||
      sizes.reduce((sum, size) => sum + size, 0) > MAX_BATCH_BYTES
    ) {
      throw new Error("Queue sendBatch failed: Payload Too Large");
    }
    const isTroubled = random() < readTrouble();
    const isTaken = !isTroubled || random() < 0.4;
    const parsed = messages.map(({ body }) => SelectionMessage.parse(JSON.parse(JSON.stringify(body))));
    const takenAfterMs = between(random, 1, 60);
    clock.startTimer(takenAfterMs, () => {
      if (isTaken) this.taken.push(...parsed);
    });
    await senderClock.sleep(takenAfterMs + between(random, 1, 60));
    if (isTroubled) throw new Error("Queue sendBatch failed: Internal Server Error");
  }
}
