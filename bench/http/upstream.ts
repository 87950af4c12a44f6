/** Starts the provider of the http bench (upstream-thread.ts). */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { z } from "zod";

export interface Upstream {
  /** The base of OpenAI's wire, without a slash at its end. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** What the thread says, once. */
const Messages = z.tuple([z.object({ port: z.int().positive() })]);

export async function startUpstream(): Promise<Upstream> {
  const thread = new Worker(new URL("./upstream-thread.ts", import.meta.url));
  const [{ port }] = Messages.parse(await once(thread, "message"));
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close: async () => {
      await thread.terminate();
    },
  };
}
