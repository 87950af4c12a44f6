/** The bare relay as its client sees it: a request of the OpenAI wire goes out, the bytes of its answer come back. */
import { createParser } from "eventsource-parser";
import type { RunningPeer } from "../workerd/start-peer.ts";
import { toModelName } from "./answer-plan.ts";
import type { BenchChat, ChatSystem } from "./chat-system.ts";
import { QUESTION } from "./question.ts";
import { readContent } from "./read-content.ts";
import { openLine } from "./socket-line.ts";
import { TurnWatch } from "./turn-watch.ts";

export function createRelaySystem({ url, readCpuMs }: RunningPeer): ChatSystem {
  let chats = 0;
  const openChat = async (): Promise<BenchChat> => {
    chats += 1;
    let watch: TurnWatch | null = null;
    const decoder = new TextDecoder();
    const parser = createParser({
      onEvent: ({ data }) => {
        if (data === "[DONE]") watch?.end();
        else watch?.noteText(readContent(data));
      },
    });
    const line = await openLine(`${url}/chat-${chats}`, [], {
      onBytes: (bytes) => parser.feed(decoder.decode(bytes, { stream: true })),
      onLost: (why) => watch?.fail(why),
    });
    return {
      ask: (plan) => {
        watch = new TurnWatch(plan);
        const messages = [{ role: "user", content: QUESTION }];
        line.send(JSON.stringify({ model: toModelName(plan), stream: true, messages }));
        return watch.ended;
      },
      close: line.close,
    };
  };
  return { name: "relay", openChat, readCpuMs };
}
