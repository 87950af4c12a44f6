/**
 * A page with AI SDK's own `useChat`, unmodified, in front of the application, and behind it one chat's core with real
 * rows, a clock that is moved by hand and a model that counts words (test/unit/session/chat-world.ts).
 */
import { DefaultChatTransport, type UIMessage } from "ai";
import type { UseChatHelpers, UseChatOptions } from "@ai-sdk/react";
import { Window } from "happy-dom";
import { onTestFinished } from "vitest";
import { ChatStreams } from "../../../../durable-objects/chat-streams.ts";
import { createApp } from "../../../../src/http/app.ts";
import type { ChatObject } from "../../../../src/http/services.ts";
import { ChatWorld, type WorldOptions } from "../../session/chat-world.ts";
import { openQuestionFiles, type FakeBucket } from "../../session/question-files-world.ts";
import { createFakeWorld, OWN_ORIGIN } from "../fake-services.ts";

// React looks for these while it is loaded.
const window = new Window({ url: `${OWN_ORIGIN}/chat` });
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
const { act, createElement } = await import("react");
const { createRoot } = await import("react-dom/client");
const { useChat } = await import("@ai-sdk/react");

type Chat = UseChatHelpers<UIMessage>;

export const textOf = (message: UIMessage | undefined): string =>
  (message?.parts ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");

/** One person's product: every chat of it is the same one. */
export function startProduct(options: WorldOptions = {}) {
  const chats = new ChatWorld(options);
  const bucket: FakeBucket = new Map();
  let leftId: string | null = null;
  const left = {
    read: () => leftId,
    write: (messageId: string) => {
      leftId = messageId;
    },
  };
  let streams = new ChatStreams(chats.clock, left, openQuestionFiles(chats, bucket));
  const object: Partial<ChatObject> = {
    ask: (question) => streams.ask(chats.chat, question),
    follow: (isRead) => streams.follow(chats.chat, isRead),
    stop: () => Promise.resolve(chats.chat.stopAll()),
  };
  const { services } = createFakeWorld({ chatObject: object });
  const app = createApp(services);
  const answers: Response[] = [];
  let fails = false;
  /** The next request does not arrive. */
  const failNext = (): void => {
    fails = true;
  };
  /** As a browser fetches, with the person's cookie; a request that is aborted reads no more. */
  const fetchAsBrowser: typeof fetch = async (input, init) => {
    if (fails) {
      fails = false;
      throw new TypeError("Failed to fetch");
    }
    const url = new URL(input instanceof Request ? input.url : input, OWN_ORIGIN);
    const headers = new Headers(init?.headers);
    headers.set("cookie", "who=alice");
    headers.set("origin", OWN_ORIGIN);
    const answer = await app.request(new Request(url, { ...init, headers }));
    answers.push(answer);
    return toAbortable(answer, init?.signal ?? null);
  };
  /** The object dies: connections break, and the next that comes finds a new life of it. */
  const crash = (): void => {
    const broken = streams;
    chats.crash();
    streams = new ChatStreams(chats.clock, left, openQuestionFiles(chats, bucket));
    broken.closeAll(1006, "the object died");
  };
  return { chats, bucket, answers, fetch: fetchAsBrowser, failNext, crash };
}
export type Product = ReturnType<typeof startProduct>;

function toAbortable(answer: Response, signal: AbortSignal | null): Response {
  if (answer.body === null || signal === null) return answer;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  answer.body.pipeTo(writable, { signal }).catch(() => undefined);
  return new Response(readable, answer);
}

/** A page that shows one chat, as an application writes it. */
export class ChatPage {
  readonly statuses: string[] = [];
  private readonly product: Product;
  private readonly container = document.createElement("main");
  private shown: Chat | null = null;

  constructor(product: Product) {
    this.product = product;
  }

  get chat(): Chat {
    if (this.shown === null) throw new Error("the page is not open");
    return this.shown;
  }

  get text(): string {
    return this.container.textContent;
  }

  async open(options: UseChatOptions<UIMessage> = {}): Promise<void> {
    const transport = new DefaultChatTransport<UIMessage>({ fetch: this.product.fetch });
    const Page = () => {
      const chat = useChat<UIMessage>({ transport, ...options });
      this.shown = chat;
      if (this.statuses.at(-1) !== chat.status) this.statuses.push(chat.status);
      return chat.messages.map((message) => createElement("p", { key: message.id }, textOf(message)));
    };
    const root = createRoot(this.container);
    onTestFinished(() => act(() => root.unmount()));
    await act(async () => {
      root.render(createElement(Page));
      await this.product.chats.clock.settle();
    });
  }

  /** Does something as a person would, and lets the time go on until no answer is being written. */
  async until(work: () => Promise<unknown>, passMs: number | null = null): Promise<void> {
    const { chats } = this.product;
    await act(async () => {
      const done = work();
      await chats.clock.settle();
      if (passMs !== null) return chats.clock.advance(passMs);
      await chats.finish();
      await done;
    });
  }
}
