/**
 * Cloudflare's list prices beyond what a plan includes, US dollars, as they stood on 2026-11-25:
 * developers.cloudflare.com/durable-objects/platform/pricing, /workers/platform/pricing, /d1/platform/pricing,
 * /queues/platform/pricing. Model tokens are whatever the provider takes and not part of this.
 */
export const LIST_PRICES = {
  /** A GB-second of an object that is awake; it is billed for the memory below, whatever it uses. */
  objectGbSecond: 12.5 / 1_000_000,
  objectGb: 0.128,
  objectRequest: 0.15 / 1_000_000,
  /** So many messages that come in over a socket are one request; those that go out are free. */
  socketMessagesPerRequest: 20,
  rowWritten: 1 / 1_000_000,
  rowRead: 0.001 / 1_000_000,
  workerRequest: 0.3 / 1_000_000,
  queueOperation: 0.4 / 1_000_000,
  /** Written, read and deleted, when the first delivery is taken; a message of ours is below the 64 KB of one. */
  queueOperationsPerMessage: 3,
} as const;
