/** The signed-in person and the keys. Signing in and out is better-auth's own wire and is not described here. */
import { ApiKeyList, CreateApiKeyBody, CreatedApiKey, Me } from "../../../protocol/account.ts";
import { API_KEY, ME } from "../examples.ts";
import { toJsonAnswer, toJsonBody, type OperationDoc } from "../operation.ts";

export const ACCOUNT_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "GET",
    path: "/api/v1/me",
    id: "readMe",
    tag: "Account",
    summary: "Who is signed in, and where they act",
    answers: { 200: toJsonAnswer("The person and the organization.", Me, ME) },
  },
  {
    method: "GET",
    path: "/api/v1/keys",
    id: "listKeys",
    tag: "Account",
    summary: "Your API keys, by their first characters",
    answers: { 200: toJsonAnswer("The keys.", ApiKeyList, { keys: [API_KEY] }) },
  },
  {
    method: "POST",
    path: "/api/v1/keys",
    id: "createKey",
    tag: "Account",
    summary: "Make an API key",
    description: "The key is shown in this answer and never again. A person has fifty at most.",
    body: toJsonBody(CreateApiKeyBody, {
      named: { summary: "A key for one program", value: { name: "Nightly report" } },
    }),
    answers: {
      201: toJsonAnswer("The key, this once.", CreatedApiKey, {
        ...API_KEY,
        key: `bw_k3J9${"x".repeat(39)}`,
      }),
    },
    refusals: [409],
  },
  {
    method: "DELETE",
    path: "/api/v1/keys/:keyId",
    id: "revokeKey",
    tag: "Account",
    summary: "Revoke an API key",
    description: "It stops at once where it was revoked and within thirty seconds everywhere.",
    answers: { 204: { description: "The key works no longer." } },
  },
];
