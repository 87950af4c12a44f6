/**
 * The reason of an abort that only lets go of what is over. `abort()` without one makes an exception with a stack for
 * every signal that depends on it, which is a good part of what a short call costs. Never for a signal that a fetch has:
 * workerd takes an abort with a reason, while the request is still on its way, for a failure of ours (HT281).
 */
export const CALL_OVER = "the call is over";
