/** What stops the call of a stream: its caller's going away, also before anybody looked. Rules HT53, HT221. */
export function followCaller(caller: AbortSignal): AbortController {
  const controller = new AbortController();
  // A signal that has been aborted tells no listener that comes later.
  if (caller.aborted) controller.abort();
  else caller.addEventListener("abort", () => controller.abort(), { once: true });
  return controller;
}
