/** Read-only links: made and revoked by a chat's owner, read by whoever has one. Rules HT65 to HT67. */
import type { Hono } from "hono";
import { z } from "zod";
import type { SessionShare } from "../../protocol/session-api.ts";
import { parseSessionId } from "../../session/directory/session-id.ts";
import type { AppEnv } from "../app-env.ts";
import { readQuery } from "../body.ts";
import { findOwn, refuseUnknown } from "../own-chat.ts";
import { refuse } from "../respond.ts";
import type { Services } from "../services.ts";

/** A chat's id and 256 random bits. */
const TOKEN = /^([a-z0-9_]{1,64})\.([0-9a-f]{64})$/;

export const SharedQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(100),
  before: z.string().max(200).optional(),
});

export function addSharedRoutes(app: Hono<AppEnv>, services: Services): void {
  const path = "/api/v1/sessions/:sessionId/share";

  app.get(path, async (context) => {
    const entry = await findOwn(services, context);
    return entry === null
      ? refuseUnknown(context)
      : context.json(await services.chatObject(entry.id).readShare());
  });

  app.post(path, async (context) => {
    const entry = await findOwn(services, context);
    if (entry === null) return refuseUnknown(context);
    const secret = await services.chatObject(entry.id).share();
    if (secret === null) return refuseUnknown(context);
    const token = `${entry.id}.${secret}`;
    const share: SessionShare = { token, url: new URL(`/shared/${token}`, services.publicUrl).toString() };
    return context.json(share, 201);
  });

  app.delete(path, async (context) => {
    const entry = await findOwn(services, context);
    if (entry === null) return refuseUnknown(context);
    await services.chatObject(entry.id).unshare();
    return context.body(null, 204);
  });

  app.get("/api/v1/shared/:token", async (context) => {
    const query = readQuery(context, SharedQuery);
    if (!query.ok) return query.error;
    const [, idText = "", secret = ""] = TOKEN.exec(context.req.param("token")) ?? [];
    const id = parseSessionId(idText);
    const { limit, before } = query.value;
    // An object is asked only for a chat that exists: guessing must not make any.
    const shared =
      id === null || !(await services.directory.exists(id))
        ? null
        : await services.chatObject(id).readShared(secret, limit, before ?? null);
    if (shared === null) return refuse(context, "not-found", "This link does not work, or not any more.");
    return context.json(shared, 200, { "x-robots-tag": "noindex" });
  });
}
