/** What the bench's provider answers, as far as its readers need to know. */

/** Events of one stream, the first one, the reason, the usage and `[DONE]` among them. */
export const CHUNKS = 200;
/**
 * What a model's name ends in whose stream is paced and short. When all 200 chunks come at once, provider, Worker and client
 * want three of a machine's two cores: the first byte is seen when one of them is free.
 */
export const PACED_SUFFIX = "-paced";
/** Events of a paced stream before its end, and the time between two of them. */
export const PACED_CHUNKS = 10;
export const PACE_MS = 2;
/** The last word of an answer without a stream. */
export const END_MARK = "the-end";
/** What a whole stream has in it behind its last word. */
export const STREAM_END = "[DONE]";
