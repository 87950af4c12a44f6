/**
 * Cloudflare's AIChatAgent as its README sets it up (npm, @cloudflare/ai-chat): `onChatMessage` with `streamText`. Only the
 * provider differs, which is OpenAI's at the bench's address, and the model, which comes with the request.
 */
import { createOpenAI } from "@ai-sdk/openai";
import { AIChatAgent } from "@cloudflare/ai-chat";
import type { OnChatMessageOptions } from "@cloudflare/ai-chat";
import { routeAgentRequest } from "agents";
import { convertToModelMessages, streamText } from "ai";
import { ObjectCount } from "./object-count.ts";

interface AgentBindings {
  readonly UPSTREAM_URL: string;
}

export class ChatAgent extends AIChatAgent<AgentBindings> {
  override async onChatMessage(_onFinish: unknown, options?: OnChatMessageOptions): Promise<Response> {
    const openai = createOpenAI({ baseURL: this.env.UPSTREAM_URL, apiKey: "bench" });
    const result = streamText({
      model: openai.chat(String(options?.body?.["model"])),
      messages: await convertToModelMessages(this.messages),
    });
    // oxlint-disable-next-line typescript/no-deprecated -- what is measured is what the README has
    return result.toUIMessageStreamResponse();
  }
}

const count = new ObjectCount();

/** The same, with an eye on what its object is billed for. */
export class CountedChatAgent extends ChatAgent {
  constructor(ctx: DurableObjectState, env: AgentBindings) {
    super(count.watchStorage(ctx), env);
    count.watchHandlers(this);
  }
}

export default {
  fetch: async (request, env) => {
    if (new URL(request.url).pathname === "/bench/take-counts") {
      return Response.json({
        objects: [count.take()],
        d1: { rowsRead: 0, rowsWritten: 0 },
        queueMessages: 0,
      });
    }
    return (await routeAgentRequest(request, env)) ?? new Response("Not found", { status: 404 });
  },
} satisfies ExportedHandler<AgentBindings>;
