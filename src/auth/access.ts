/**
 * The access table: every route of the API and who may use it. The HTTP application matches each request against it
 * before any handler runs, so what is not in here does not exist (404) and a wrong method is 405. docs/spec/auth.md
 * shows the same table to readers; a test compares them, and compares both with the routes of the application.
 */

/**
 * `public`: anybody. `person`: signed in by cookie (a key must not make keys). `anyone-known`: a person or a program
 * with a key. `admin`: a person whose role is admin. `known-or-ticket`: as `anyone-known`, or whoever has a ticket
 * that the chat's object accepts.
 */
export type Access = "public" | "person" | "anyone-known" | "admin" | "known-or-ticket";

export interface AccessRule {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly access: Access;
}

const rule = (method: AccessRule["method"], path: string, access: Access): AccessRule => ({
  method,
  path,
  access,
});

export const ACCESS_RULES: readonly AccessRule[] = [
  rule("GET", "/health", "public"),
  rule("GET", "/v1/router/health", "public"),
  rule("GET", "/openapi.json", "public"),
  rule("POST", "/api/auth/sign-up/email", "public"),
  rule("POST", "/api/auth/sign-in/email", "public"),
  rule("POST", "/api/auth/sign-out", "public"),
  rule("GET", "/api/auth/verify-email", "public"),
  rule("GET", "/api/v1/me", "person"),
  rule("GET", "/api/v1/keys", "person"),
  rule("POST", "/api/v1/keys", "person"),
  rule("DELETE", "/api/v1/keys/:keyId", "person"),
  rule("GET", "/api/v1/sessions", "anyone-known"),
  rule("POST", "/api/v1/sessions", "anyone-known"),
  rule("GET", "/api/v1/sessions/:sessionId", "anyone-known"),
  rule("PATCH", "/api/v1/sessions/:sessionId", "anyone-known"),
  rule("DELETE", "/api/v1/sessions/:sessionId", "anyone-known"),
  rule("GET", "/api/v1/sessions/:sessionId/messages", "anyone-known"),
  rule("POST", "/api/v1/sessions/:sessionId/ticket", "anyone-known"),
  rule("POST", "/api/v1/sessions/:sessionId/stop", "anyone-known"),
  rule("GET", "/api/v1/sessions/:sessionId/search", "anyone-known"),
  rule("GET", "/api/v1/sessions/:sessionId/export", "anyone-known"),
  rule("GET", "/api/v1/sessions/:sessionId/share", "anyone-known"),
  rule("POST", "/api/v1/sessions/:sessionId/share", "anyone-known"),
  rule("DELETE", "/api/v1/sessions/:sessionId/share", "anyone-known"),
  rule("POST", "/api/v1/sessions/:sessionId/attachments", "anyone-known"),
  rule("GET", "/api/v1/sessions/:sessionId/attachments/:attachmentId", "anyone-known"),
  rule("GET", "/api/v1/shared/:token", "public"),
  rule("GET", "/api/v1/sessions/:sessionId/socket", "known-or-ticket"),
  rule("POST", "/api/chat", "anyone-known"),
  rule("GET", "/api/chat/:chatId/stream", "anyone-known"),
  rule("POST", "/api/chat/:chatId/stop", "anyone-known"),
  rule("GET", "/api/v1/models", "anyone-known"),
  rule("GET", "/api/v1/selections", "anyone-known"),
  rule("GET", "/api/v1/selections/:selectionId", "anyone-known"),
  rule("GET", "/api/v1/analytics/providers", "anyone-known"),
  rule("GET", "/api/v1/analytics/intents", "anyone-known"),
  rule("GET", "/api/v1/admin/circuits", "admin"),
  rule("POST", "/api/v1/admin/circuits/:provider/:action", "admin"),
  rule("PUT", "/api/v1/admin/circuits/:provider/policy", "admin"),
  rule("GET", "/api/v1/admin/live", "admin"),
  rule("GET", "/api/v1/admin/sandbox", "admin"),
  rule("PUT", "/api/v1/admin/sandbox/:provider", "admin"),
  rule("GET", "/v1/models", "anyone-known"),
  // The id of a target has slashes in it.
  rule("GET", "/v1/models/:model{.+}", "anyone-known"),
  rule("POST", "/v1/chat/completions", "anyone-known"),
  rule("POST", "/v1/responses", "anyone-known"),
  rule("GET", "/v1/responses/:responseId", "anyone-known"),
  rule("POST", "/v1/embeddings", "anyone-known"),
  rule("POST", "/v1/messages", "anyone-known"),
  rule("POST", "/v1/messages/count_tokens", "anyone-known"),
];
