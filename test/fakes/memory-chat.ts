/** AI SDK's own chat, unmodified, with the state that its framework bindings keep, and no framework. */
import { AbstractChat, type ChatInit, type ChatState, type ChatStatus, type UIMessage } from "ai";

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
    this.messages = this.messages.with(index, structuredClone(message));
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
