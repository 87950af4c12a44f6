/** Starts and steers the provider of the session bench (upstream-thread.ts). */
import { startUpstreamThread } from "../start-upstream.ts";

export interface Upstream {
  /** The base of every wire, without a slash at its end. */
  readonly url: string;
  /** Lets every held stream end. */
  readonly release: () => void;
  readonly close: () => Promise<void>;
}

export async function startUpstream(): Promise<Upstream> {
  const { url, thread, close } = await startUpstreamThread(new URL("./upstream-thread.ts", import.meta.url));
  return { url, close, release: () => thread.postMessage("release") };
}
