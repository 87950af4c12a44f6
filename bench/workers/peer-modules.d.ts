/**
 * The part of the peers' packages that their entries use, so that the entries have types before bench/package.json is
 * installed. What they really export is seen when the bench bundles and runs them.
 */
declare module "agents" {
  export function routeAgentRequest(request: Request, env: unknown): Promise<Response | null>;
}

declare module "@cloudflare/ai-chat" {
  import type { UIMessage } from "ai";
  import { DurableObject } from "cloudflare:workers";

  export interface OnChatMessageOptions {
    readonly body?: Readonly<Record<string, unknown>>;
  }

  export class AIChatAgent<Bindings> extends DurableObject<Bindings> {
    readonly messages: UIMessage[];
    onChatMessage(onFinish: unknown, options?: OnChatMessageOptions): Promise<Response | undefined>;
  }
}
