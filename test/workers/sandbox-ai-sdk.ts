/** AI SDK's own chat, unmodified, with the state that its framework bindings keep; and its transport over HTTP. */
import {
  AbstractChat,
  DefaultChatTransport,
  type ChatInit,
  type ChatState,
  type ChatStatus,
  type UIMessage,
} from "ai";
import { ORIGIN, type Visitor } from "./sandbox-people.ts";

class MemoryState implements ChatState<UIMessage> {
  status: ChatStatus = "ready";
  error: Error | undefined = undefined;
  messages: UIMessage[] = [];

  pushMessage = (message: UIMessage): void => {
    this.messages = [...this.messages, message];
  };

  popMessage = (): void => {
    this.messages = this.messages.slice(0, -1);
  };

  replaceMessage = (index: number, message: UIMessage): void => {
    this.messages = this.messages.with(index, message);
  };

  snapshot = <Value>(value: Value): Value => structuredClone(value);
}

export class MemoryChat extends AbstractChat<UIMessage> {
  constructor(init: ChatInit<UIMessage>, messages: UIMessage[] = []) {
    const state = new MemoryState();
    state.messages = messages;
    super({ ...init, state });
  }
}

export const textOf = (message: UIMessage | undefined): string =>
  (message?.parts ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");

/** The transport that `useChat` has when it is told nothing else, at the Worker's own door. */
export class HttpTransport extends DefaultChatTransport<UIMessage> {
  /** Every answer that came, newest last. */
  readonly answers: Response[];

  constructor(visitor: Visitor, body: object = { model: "openai/gpt-6-luna" }) {
    const answers: Response[] = [];
    super({
      api: `${ORIGIN}/api/chat`,
      headers: visitor.credentials,
      body,
      fetch: async (input, init) => {
        const answer = await visitor.fetch(new Request(input, init));
        answers.push(answer);
        return answer;
      },
    });
    this.answers = answers;
  }

  /** Our id of the chat, as the last answer named it. */
  get sessionId(): string {
    return this.answers.at(-1)?.headers.get("x-breakwater-session") ?? "";
  }
}
