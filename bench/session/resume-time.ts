/** How long a client that lost its socket waits for a long answer that is still running, from its first word to its last. */
import type { ResumableChat } from "./chat-system.ts";
import type { Upstream } from "./upstream.ts";

/**
 * Held at its end, so that it is running when the client comes back. It takes its time, since how much there is to replay
 * goes by how it came: words that come in one go are one piece for whoever puts them together.
 */
const PLAN = { words: 10_000, durationMs: 30_000, held: true };

/** The chats answer side by side and are resumed one after the other. From the frame that asks to the last word, milliseconds. */
export async function measureResumes(
  chats: readonly ResumableChat[],
  upstream: Upstream,
): Promise<readonly number[]> {
  await Promise.all(
    chats.map(async (chat) => {
      await chat.connect();
      const watch = chat.start(PLAN);
      await watch.waitForWords(PLAN.words);
      watch.abandon();
    }),
  );
  const resumed: { readonly timeMs: number; readonly ended: Promise<unknown> }[] = [];
  for (const chat of chats) {
    chat.close();
    await chat.connect();
    const watch = chat.resume(PLAN);
    resumed.push({ timeMs: await watch.waitForWords(PLAN.words), ended: watch.ended });
  }
  upstream.release();
  await Promise.all(resumed.map(({ ended }) => ended));
  for (const chat of chats) chat.close();
  return resumed.map(({ timeMs }) => timeMs);
}
