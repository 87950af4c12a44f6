/**
 * The Worker of `npm run bench -- session` where something is counted: the product as it is, with an eye on what its
 * objects, its database and its queue are billed for, and a door that fills a chat. Nothing of it is ever deployed.
 */
import {
  ChatSession as ProductChatSession,
  LiveConsole as ProductLiveConsole,
  ProviderHealth as ProductProviderHealth,
} from "../../src/worker.ts";
import type { Bindings } from "../../src/env.ts";
import worker from "../../src/worker.ts";
import { countCalls } from "./count-calls.ts";
import { DatabaseCount } from "./database-count.ts";
import { ObjectCount } from "./object-count.ts";
import { countMessages, fillChat } from "./fill-chat.ts";

type IncomingRequest = Parameters<typeof worker.fetch>[0];

const chats = new ObjectCount();
const health = new ObjectCount();
const consoles = new ObjectCount();
const database = new DatabaseCount();
let queueMessages = 0;

/** Calls over RPC are seen at the binding; whatever else wakes an object is seen in the object. */
const counted = new WeakMap<Bindings, Bindings>();
function countIn(env: Bindings): Bindings {
  let wrapped = counted.get(env);
  if (wrapped === undefined) {
    wrapped = {
      ...env,
      CHAT_SESSION: countCalls(env.CHAT_SESSION, () => chats.noteRequest()),
      PROVIDER_HEALTH: countCalls(env.PROVIDER_HEALTH, () => health.noteRequest()),
      LIVE_CONSOLE: countCalls(env.LIVE_CONSOLE, () => consoles.noteRequest()),
    };
    counted.set(env, wrapped);
    database.watch(env.DB);
  }
  return wrapped;
}

export class ChatSession extends ProductChatSession {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(chats.watchStorage(ctx), countIn(env));
    chats.watchHandlers(this);
  }

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/bench/size") return Response.json({ messages: countMessages(this.ctx.storage) });
    if (url.pathname !== "/bench/fill") return super.fetch(request);
    fillChat(this.ctx.storage, Number(url.searchParams.get("messages")));
    await this.ctx.storage.sync();
    // What the object knows by heart is no longer so: its next life reads the rows.
    this.ctx.abort("filled by the bench");
    return new Response(null);
  }
}

export class ProviderHealth extends ProductProviderHealth {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(health.watchStorage(ctx), countIn(env));
    health.watchHandlers(this);
  }
}

export class LiveConsole extends ProductLiveConsole {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(consoles.watchStorage(ctx), countIn(env));
    consoles.watchHandlers(this);
  }
}

async function serveBench(url: URL, request: Request, env: Bindings): Promise<Response> {
  switch (url.pathname) {
    case "/bench/take-counts": {
      const counts = {
        objects: [chats.take(), health.take(), consoles.take()],
        d1: database.take(),
        queueMessages,
      };
      queueMessages = 0;
      return Response.json(counts);
    }
    case "/bench/fill": {
      const id = env.CHAT_SESSION.idFromName(url.searchParams.get("session") ?? "");
      // It ends the object, and with it this call: how far it came is asked in the next life.
      await env.CHAT_SESSION.get(id)
        .fetch(request)
        .catch(() => null);
      return env.CHAT_SESSION.get(id).fetch(new URL("/bench/size", url));
    }
    default:
      return new Response("No such door.", { status: 404 });
  }
}

export default {
  fetch: (request: IncomingRequest, env, context) => {
    const url = new URL(request.url);
    return url.pathname.startsWith("/bench/")
      ? serveBench(url, request, env)
      : worker.fetch(request, countIn(env), context);
  },
  queue: (batch, env) => {
    queueMessages += batch.messages.length;
    return worker.queue(batch, countIn(env));
  },
  scheduled: (controller, env) => worker.scheduled(controller, env),
} satisfies ExportedHandler<Bindings>;
