/** AI SDK's own transport over HTTP, unmodified, at the Worker's door. */
import { DefaultChatTransport, type UIMessage } from "ai";
import { ORIGIN, type Visitor } from "./sandbox-people.ts";

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
