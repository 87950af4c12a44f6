/**
 * Who people and programs are: the four tables of better-auth (its model names are given in brackets), its rate
 * limits, organizations, memberships and API keys. Nothing cascades: a rebuilt table would take its children along
 * (docs/storage.md), so whoever deletes a parent deletes its children first, in one batch.
 */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** better-auth hands over `Date`s; the column keeps epoch milliseconds. */
const date = (name: string) => integer(name, { mode: "timestamp_ms" });

/** [user] `role` is ours: never taken from a request (rule AU4). */
export const user = sqliteTable("user", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email").notNull().unique(),
  emailVerified: integer("email_verified", { mode: "boolean" }).notNull().default(false),
  image: text("image"),
  role: text("role", { enum: ["member", "admin"] })
    .notNull()
    .default("member"),
  createdAt: date("created_at").notNull(),
  updatedAt: date("updated_at").notNull(),
});

/** [session] One signed-in browser. Called so here because a session is a chat everywhere else. */
export const authSession = sqliteTable(
  "auth_session",
  {
    id: text("id").primaryKey(),
    token: text("token").notNull().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id),
    expiresAt: date("expires_at").notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    createdAt: date("created_at").notNull(),
    updatedAt: date("updated_at").notNull(),
  },
  (table) => [index("auth_session_user").on(table.userId)],
);

/** [account] A way to sign in: a password hash, later an OAuth identity. better-auth leaves the unique index out. */
export const authAccount = sqliteTable(
  "auth_account",
  {
    id: text("id").primaryKey(),
    accountId: text("account_id").notNull(),
    providerId: text("provider_id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: date("access_token_expires_at"),
    refreshTokenExpiresAt: date("refresh_token_expires_at"),
    scope: text("scope"),
    password: text("password"),
    createdAt: date("created_at").notNull(),
    updatedAt: date("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("auth_account_identity").on(table.providerId, table.accountId),
    index("auth_account_user").on(table.userId),
  ],
);

/** [verification] Codes on their way by mail. */
export const authVerification = sqliteTable(
  "auth_verification",
  {
    id: text("id").primaryKey(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: date("expires_at").notNull(),
    createdAt: date("created_at").notNull(),
    updatedAt: date("updated_at").notNull(),
  },
  (table) => [index("auth_verification_identifier").on(table.identifier)],
);

/** [rateLimit] Attempts to sign in or up, by address and path. better-auth prunes it. */
export const authRateLimit = sqliteTable("auth_rate_limit", {
  id: text("id").primaryKey(),
  key: text("key").notNull().unique(),
  count: integer("count").notNull(),
  /** Epoch milliseconds. */
  lastRequest: integer("last_request").notNull(),
});

export const organization = sqliteTable("organization", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  /** Set on the organization that came with a user; unique, so that making it twice makes it once. */
  personalOfUserId: text("personal_of_user_id")
    .unique()
    .references(() => user.id),
  createdAtMs: integer("created_at_ms").notNull(),
});

export const membership = sqliteTable(
  "membership",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organization.id),
    role: text("role", { enum: ["owner", "member"] }).notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [
    uniqueIndex("membership_user_organization").on(table.userId, table.organizationId),
    index("membership_organization").on(table.organizationId),
  ],
);

export const apiKey = sqliteTable(
  "api_key",
  {
    id: text("id").primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organization.id),
    userId: text("user_id")
      .notNull()
      .references(() => user.id),
    name: text("name").notNull(),
    /** The first characters of the key, to tell keys apart in a list. */
    start: text("start").notNull(),
    /** SHA-256 of the whole key, lower-case hexadecimal. The key itself is nowhere. */
    hash: text("hash").notNull().unique(),
    createdAtMs: integer("created_at_ms").notNull(),
    /** At most an hour behind. */
    lastUsedAtMs: integer("last_used_at_ms"),
    revokedAtMs: integer("revoked_at_ms"),
  },
  (table) => [
    index("api_key_user")
      .on(table.userId, table.createdAtMs)
      .where(sql`${table.revokedAtMs} is null`),
  ],
);
