/**
 * The reason of an abort that only lets go of what is over. `abort()` without one makes an exception with a stack for
 * every signal that depends on it, which is a good part of what a short call costs.
 */
export const CALL_OVER = "the call is over";
