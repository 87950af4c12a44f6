/** Starts the provider of a bench: a thread that says once, when it listens, on which port. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { z } from "zod";

export interface UpstreamThread {
  /** The base of OpenAI's wire, without a slash at its end. */
  readonly url: string;
  readonly thread: Worker;
  readonly close: () => Promise<void>;
}

const Messages = z.tuple([z.object({ port: z.int().positive() })]);

export async function startUpstreamThread(file: URL): Promise<UpstreamThread> {
  const thread = new Worker(file);
  const [{ port }] = Messages.parse(await once(thread, "message"));
  return {
    url: `http://127.0.0.1:${port}/v1`,
    thread,
    close: async () => {
      await thread.terminate();
    },
  };
}
