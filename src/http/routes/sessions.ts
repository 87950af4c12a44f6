/** `/api/v1/sessions`: the list of chats in D1, each chat's messages and socket in its own object. */
import type { Hono } from "hono";
import { TICKET_HEADER, toObjectPrincipal } from "../../auth/principal.ts";
import { newSessionId } from "../../base/id.ts";
import type { SessionId } from "../../base/id.ts";
import {
  CreateSessionBody,
  SessionListQuery,
  SessionMessagesQuery,
  SessionSearchQuery,
  UpdateSessionBody,
} from "../../protocol/session-api.ts";
import type { SessionList, SessionStopped, SessionSummary } from "../../protocol/session-api.ts";
import type { DirectoryEntry } from "../../session/directory/directory.ts";
import { UNTITLED } from "../../session/title.ts";
import { findOwn, readSessionId, refuseUnknown } from "../own-chat.ts";
import { addSessionFileRoutes } from "./session-files.ts";
import { addSharedRoutes } from "./shared.ts";
import { readPrincipal } from "../app-env.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { readJson, readQuery } from "../body.ts";
import { refuse } from "../respond.ts";
import type { Services } from "../services.ts";
import { isSocketUpgrade, toObjectRequest, toPrincipalHeader, toSocketAnswer } from "../socket-request.ts";

/** Ours are shorter. A longer one is not worth an object's time, and other signs cannot stand in a header. */
const TICKET_SHAPE = /^[\x21-\x7e]{1,200}$/;

export function addSessionRoutes(app: Hono<AppEnv>, services: Services): void {
  addListRoutes(app, services);
  addChatRoutes(app, services);
  addSessionFileRoutes(app, services);
  addSharedRoutes(app, services);
  app.get("/api/v1/sessions/:sessionId/socket", (context) => openSocket(services, context));
}

function addListRoutes(app: Hono<AppEnv>, services: Services): void {
  app.get("/api/v1/sessions", async (context) => {
    const query = readQuery(context, SessionListQuery);
    if (!query.ok) return query.error;
    const page = await services.directory.list(readPrincipal(context), query.value);
    if (!page.ok) return refuse(context, "invalid-request", "The cursor is not one that this list gave.");
    const list: SessionList = {
      sessions: page.value.entries.map(toSummary),
      nextCursor: page.value.nextCursor,
    };
    return context.json(list);
  });

  app.post("/api/v1/sessions", async (context) => {
    const body = await readJson(context, CreateSessionBody, { mayBeEmpty: true });
    if (!body.ok) return body.error;
    const { userId, organizationId } = readPrincipal(context);
    const id = newSessionId(services.idSource);
    const title = body.value.title ?? UNTITLED;
    // The object first: a chat that is listed must be there.
    await services.chatObject(id).create({ sessionId: id, organizationId, userId, title });
    const createdAtMs = services.clock.nowMs();
    const entry = await services.directory.create({ id, title, userId, organizationId, createdAtMs });
    return context.json(toSummary(entry), 201);
  });
}

function addChatRoutes(app: Hono<AppEnv>, services: Services): void {
  const path = "/api/v1/sessions/:sessionId";

  app.get(path, async (context) => {
    const entry = await findOwn(services, context);
    return entry === null ? refuseUnknown(context) : context.json(toSummary(entry));
  });

  app.patch(path, async (context) => {
    const body = await readJson(context, UpdateSessionBody);
    if (!body.ok) return body.error;
    const id = readSessionId(context);
    const { title } = body.value;
    const entry = id === null ? null : await services.directory.rename(readPrincipal(context), id, title);
    if (entry === null) return refuseUnknown(context);
    await services.chatObject(entry.id).rename(title);
    return context.json(toSummary(entry));
  });

  app.delete(path, async (context) => {
    const entry = await findOwn(services, context);
    if (entry === null) return refuseUnknown(context);
    // The object first: should it fail, the chat is still listed and deleting it can be tried again.
    await services.chatObject(entry.id).deleteAll();
    await services.directory.markDeleted(readPrincipal(context), entry.id, services.clock.nowMs());
    return context.body(null, 204);
  });

  app.get(`${path}/messages`, async (context) => {
    const entry = await findOwn(services, context);
    if (entry === null) return refuseUnknown(context);
    const query = readQuery(context, SessionMessagesQuery);
    if (!query.ok) return query.error;
    const { limit, before } = query.value;
    return context.json(await services.chatObject(entry.id).readMessages(limit, before ?? null));
  });

  app.post(`${path}/stop`, async (context) => {
    const entry = await findOwn(services, context);
    if (entry === null) return refuseUnknown(context);
    const stopped: SessionStopped = { stopped: await services.chatObject(entry.id).stop() };
    return context.json(stopped);
  });

  app.get(`${path}/search`, async (context) => {
    const entry = await findOwn(services, context);
    if (entry === null) return refuseUnknown(context);
    const query = readQuery(context, SessionSearchQuery);
    if (!query.ok) return query.error;
    const hits = await services.chatObject(entry.id).search(query.value.query, query.value.limit);
    return context.json({ hits });
  });

  app.post(`${path}/ticket`, async (context) => {
    const entry = await findOwn(services, context);
    if (entry === null) return refuseUnknown(context);
    const ticket = await services.chatObject(entry.id).issueTicket(toObjectPrincipal(readPrincipal(context)));
    return ticket === null ? refuseUnknown(context) : context.json(ticket, 201);
  });
}

async function openSocket(services: Services, context: AppContext): Promise<Response> {
  if (!isSocketUpgrade(context.req.raw)) {
    return refuse(context, "upgrade-required", "Open this address as a WebSocket.", {
      headers: { upgrade: "websocket" },
    });
  }
  const id = readSessionId(context);
  const internal = id === null ? null : await toAdmission(services, context, id);
  if (id === null || internal === null) return refuseUnknown(context);
  const request = toObjectRequest(context.req.raw, context.get("requestId"), internal);
  return toSocketAnswer(context, await services.chatObject(id).fetch(request));
}

/** What the object is told about who comes; null when there is no such chat for them. */
async function toAdmission(
  services: Services,
  context: AppContext,
  id: SessionId,
): Promise<Readonly<Record<string, string>> | null> {
  const principal = context.get("principal");
  if (principal !== null) {
    return (await services.directory.read(principal, id)) === null ? null : toPrincipalHeader(principal);
  }
  const ticket = context.req.query("ticket") ?? "";
  if (!TICKET_SHAPE.test(ticket)) return null;
  return (await services.directory.exists(id)) ? { [TICKET_HEADER]: ticket } : null;
}

function toSummary({ id, title, createdAtMs, updatedAtMs }: DirectoryEntry): SessionSummary {
  return {
    id,
    title,
    createdAt: new Date(createdAtMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
  };
}
