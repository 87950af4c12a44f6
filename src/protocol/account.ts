/** WIRE: the signed-in person and the API keys. Sign-up, sign-in and sign-out are better-auth's under `/api/auth/*`. */
import { z } from "zod";

/** `GET /api/v1/me`. */
export const Me = z.object({
  user: z.object({ id: z.string(), email: z.string(), name: z.string(), role: z.enum(["member", "admin"]) }),
  organization: z.object({ id: z.string(), name: z.string() }),
  /** True when answers come from the sandbox's stand-ins. */
  sandbox: z.boolean(),
  environment: z.string(),
});
export type Me = z.infer<typeof Me>;

/** `GET /api/v1/keys`. The key itself is never shown again. */
export const ApiKeySummary = z.object({
  id: z.string(),
  name: z.string(),
  /** The first characters, to tell keys apart. */
  start: z.string(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
});
export const ApiKeyList = z.object({ keys: z.array(ApiKeySummary) });
export type ApiKeyList = z.infer<typeof ApiKeyList>;

/** `POST /api/v1/keys` → 201 with the key, once. `DELETE /api/v1/keys/{id}` → 204. */
export const CreateApiKeyBody = z.strictObject({ name: z.string().trim().min(1).max(100) });
export const CreatedApiKey = ApiKeySummary.extend({ key: z.string() });
export type CreatedApiKey = z.infer<typeof CreatedApiKey>;
