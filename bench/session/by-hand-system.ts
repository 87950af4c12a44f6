/** A chat's duties by hand (bench/workers/relay-by-hand.ts) as its client sees them: a question goes out, numbered frames come back. */
import type { RunningPeer } from "../workerd/start-peer.ts";
import { toModelName } from "./answer-plan.ts";
import type { BenchChat, ChatSystem } from "./chat-system.ts";
import { QUESTION } from "./question.ts";
import { openLine } from "./socket-line.ts";
import { TurnWatch } from "./turn-watch.ts";

/** By plain checks, as the others' clients read theirs. */
function readFrame(text: string): { readonly type: unknown; readonly delta: string } {
  const json: unknown = JSON.parse(text);
  const frame: Partial<Record<string, unknown>> = typeof json === "object" && json !== null ? json : {};
  const { type, delta } = frame;
  return { type, delta: typeof delta === "string" ? delta : "" };
}

export function createByHandSystem({ url, readCpuMs }: RunningPeer): ChatSystem {
  let chats = 0;
  const openChat = async (): Promise<BenchChat> => {
    chats += 1;
    let watch: TurnWatch | null = null;
    const line = await openLine(`${url}/chat-${chats}`, [], {
      onText: (text) => {
        const frame = readFrame(text);
        if (frame.type === "end") watch?.end();
        else watch?.noteText(frame.delta);
      },
      onLost: (why) => watch?.fail(why),
    });
    return {
      ask: (plan) => {
        watch = new TurnWatch(plan);
        line.send(JSON.stringify({ model: toModelName(plan), question: QUESTION }));
        return watch.ended;
      },
      close: line.close,
    };
  };
  return { name: "a chat by hand", openChat, readCpuMs };
}
