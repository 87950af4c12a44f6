/** Who may call an operation, in OpenAPI's words: made from the access table. Rule HT161. */
import type { ZodOpenApiSecuritySchemeObject } from "zod-openapi";
import type { Access } from "../../auth/access.ts";

export const SECURITY_SCHEMES = {
  key: {
    type: "http",
    scheme: "bearer",
    description:
      "An API key as `Authorization: Bearer KEY`. It acts for its organization, and never as an admin.",
  },
  keyHeader: {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description: "The same key in the header that Anthropic's clients send.",
  },
  signIn: {
    type: "apiKey",
    in: "cookie",
    name: "breakwater.session_token",
    description:
      "A person who signed in. Over https its name begins with `__Secure-`. What changes something must come from a page of ours or of a listed origin.",
  },
  ticket: {
    type: "apiKey",
    in: "query",
    name: "ticket",
    description:
      "For a socket that cannot send a header: from `POST /api/v1/sessions/{sessionId}/ticket`, works once.",
  },
} as const satisfies Readonly<Record<string, ZodOpenApiSecuritySchemeObject>>;

type Requirement = Record<string, string[]>;

export function toSecurity(access: Access): Requirement[] {
  switch (access) {
    case "public":
      return [];
    case "person":
    case "admin":
      return [{ signIn: [] }];
    case "anyone-known":
      return [{ key: [] }, { keyHeader: [] }, { signIn: [] }];
    case "known-or-ticket":
      return [{ key: [] }, { keyHeader: [] }, { signIn: [] }, { ticket: [] }];
  }
}
