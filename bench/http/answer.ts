/** What the bench's provider answers, as far as its readers need to know. */

/** Events of one stream, the first one, the reason, the usage and `[DONE]` among them. */
export const CHUNKS = 200;
/** The last word of an answer without a stream. */
export const END_MARK = "the-end";
/** What a whole stream has in it behind its last word. */
export const STREAM_END = "[DONE]";
