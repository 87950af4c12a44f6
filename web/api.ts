/**
 * The REST side of the pages: every answer is parsed with the shapes of src/protocol, every error becomes an
 * `ApiError` with a sentence for the reader. Sockets are in session/ and admin/.
 */
import { z } from "zod";
import { ApiKeyList, CreatedApiKey, Me } from "../src/protocol/account.ts";
import { IntentAnalytics, ProviderAnalytics } from "../src/protocol/analytics.ts";
import { CircuitList } from "../src/protocol/circuit.ts";
import type { CircuitAction } from "../src/protocol/circuit.ts";
import { ModelCatalog } from "../src/protocol/model-list.ts";
import { Problem } from "../src/protocol/problem.ts";
import { SandboxState } from "../src/protocol/sandbox-state.ts";
import { SelectionList } from "../src/protocol/selection.ts";
import {
  SessionAttachment,
  SessionList,
  SessionSearchResult,
  SessionShare,
  SessionShareState,
  SessionSummary,
  SharedChat,
} from "../src/protocol/session-api.ts";
import { CLOSE_NOT_FOUND, CLOSE_UNAUTHENTICATED } from "./session/chat-view.ts";

/** Longer than any answer of the REST API should take; a reader has long given up. */
const REQUEST_TIMEOUT_MS = 20_000;

/** What is wrong at one place of a body: `path` has dots between its steps. */
export interface ApiIssue {
  readonly path: string;
  readonly message: string;
}

/** A failed request. `status` is 0 when no answer came; `message` can be shown as it is. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  /** Where the body was wrong; empty when that was not the fault. */
  readonly issues: readonly ApiIssue[];

  constructor(
    status: number,
    code: string,
    message: string,
    requestId: string | null,
    issues: readonly ApiIssue[] = [],
  ) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.issues = issues;
  }
}

/** The sentence to show for whatever was thrown. */
export function toErrorText(error: unknown): string {
  return error instanceof ApiError
    ? error.message
    : "Something went wrong on this page. Reload it and try again.";
}

const AuthFailure = z.object({ message: z.string(), code: z.string().optional() });

export function toApiError(status: number, body: unknown, requestId: string | null): ApiError {
  const problem = Problem.safeParse(body);
  if (problem.success) {
    const { detail, code, issues = [] } = problem.data;
    // Said once: some details hold their issue already.
    const where = issues.map(({ message }) => message).filter((message) => !detail.includes(message));
    return new ApiError(status, code, [detail, ...where].join(" "), problem.data.requestId, issues);
  }
  const failure = AuthFailure.safeParse(body);
  if (failure.success)
    return new ApiError(status, failure.data.code ?? "refused", failure.data.message, requestId);
  return new ApiError(status, "unexpected", `The server answered with status ${status}.`, requestId);
}

interface Call<Shape extends z.ZodType> {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly shape: Shape;
}

/** The body of an answer; one that is no JSON as it stands, since it may be a proxy's. */
export function readBody(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** One request of the REST API; its answer as `shape` reads it. */
export async function call<Shape extends z.ZodType>(
  path: string,
  { method = "GET", body, shape }: Call<Shape>,
): Promise<z.infer<Shape>> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    answer = readBody(await response.text());
  } catch {
    const text = navigator.onLine
      ? "Breakwater cannot be reached. Try again in a moment."
      : "You are offline.";
    throw new ApiError(0, "unreachable", text, null);
  }
  const requestId = response.headers.get("x-request-id");
  if (!response.ok) throw toApiError(response.status, answer, requestId);
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new ApiError(
    response.status,
    "unreadable",
    "The server answered in a way this page cannot read. Reload it.",
    requestId,
  );
}

const Nothing = z.unknown();
const escape = encodeURIComponent;

function toQuery(values: Readonly<Record<string, string | number | null | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}

export const readMe = () => call("/api/v1/me", { shape: Me });
export const signIn = (body: { email: string; password: string }) =>
  call("/api/auth/sign-in/email", { method: "POST", body, shape: Nothing });
/** `token` is null where the address must be confirmed by mail before the first sign-in. */
const SignedUp = z.object({ token: z.string().nullish() });
export const signUp = (body: { email: string; password: string; name: string }) =>
  call("/api/auth/sign-up/email", { method: "POST", body, shape: SignedUp });
export const signOut = () => call("/api/auth/sign-out", { method: "POST", body: {}, shape: Nothing });

export const readModels = () => call("/api/v1/models", { shape: ModelCatalog });

export const readSessions = (query: string, cursor: string | null) =>
  call(`/api/v1/sessions${toQuery({ query, cursor, limit: 50 })}`, { shape: SessionList });
export const createSession = () =>
  call("/api/v1/sessions", { method: "POST", body: {}, shape: SessionSummary });
export const renameSession = (id: string, title: string) =>
  call(`/api/v1/sessions/${escape(id)}`, { method: "PATCH", body: { title }, shape: SessionSummary });
export const deleteSession = (id: string) =>
  call(`/api/v1/sessions/${escape(id)}`, { method: "DELETE", shape: Nothing });

export const searchSession = (id: string, query: string) =>
  call(`/api/v1/sessions/${escape(id)}/search${toQuery({ query, limit: 50 })}`, {
    shape: SessionSearchResult,
  });
/** For a link: the browser saves it as a file. */
export const toExportPath = (id: string, format: "json" | "markdown"): string =>
  `/api/v1/sessions/${escape(id)}/export?format=${format}`;
export const readShare = (id: string) =>
  call(`/api/v1/sessions/${escape(id)}/share`, { shape: SessionShareState });
export const makeShare = (id: string) =>
  call(`/api/v1/sessions/${escape(id)}/share`, { method: "POST", shape: SessionShare });
export const revokeShare = (id: string) =>
  call(`/api/v1/sessions/${escape(id)}/share`, { method: "DELETE", shape: Nothing });
export const readSharedChat = (token: string, before: string | null) =>
  call(`/api/v1/shared/${escape(token)}${toQuery({ before, limit: 100 })}`, { shape: SharedChat });

/** Where a file is sent to be attached to a chat, and the shape of the answer. */
export const toAttachmentPath = (id: string, name: string): string =>
  `/api/v1/sessions/${escape(id)}/attachments${toQuery({ name })}`;
export const AttachmentAnswer = SessionAttachment;

/** Why the socket of a chat would be refused, as its close code; null when it would not, or nobody can say. */
export async function checkSessionAccess(id: string): Promise<number | null> {
  try {
    await call(`/api/v1/sessions/${escape(id)}`, { shape: Nothing });
    return null;
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 0;
    if (status === 401) return CLOSE_UNAUTHENTICATED;
    return status === 404 || status === 403 ? CLOSE_NOT_FOUND : null;
  }
}

export const readKeys = () => call("/api/v1/keys", { shape: ApiKeyList });
export const createKey = (name: string) =>
  call("/api/v1/keys", { method: "POST", body: { name }, shape: CreatedApiKey });
export const revokeKey = (id: string) =>
  call(`/api/v1/keys/${escape(id)}`, { method: "DELETE", shape: Nothing });

export const readCircuits = () => call("/api/v1/admin/circuits", { shape: CircuitList });
/** `model` null means the provider's own circuit. */
export const changeCircuit = (
  provider: string,
  model: string | null,
  action: CircuitAction,
  reason: string,
) =>
  call(`/api/v1/admin/circuits/${escape(provider)}/${action}`, {
    method: "POST",
    body: model === null ? { reason } : { reason, model },
    shape: Nothing,
  });
export const changePolicy = (provider: string, policy: Readonly<Record<string, number>>, reason: string) =>
  call(`/api/v1/admin/circuits/${escape(provider)}/policy`, {
    method: "PUT",
    body: { reason, policy },
    shape: Nothing,
  });

/** The sandbox's control, or null where there is no sandbox. */
export async function readSandbox(): Promise<SandboxState | null> {
  try {
    return await call("/api/v1/admin/sandbox", { shape: SandboxState });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
export const breakProvider = (provider: string, fault: string) =>
  call(`/api/v1/admin/sandbox/${escape(provider)}`, { method: "PUT", body: { fault }, shape: Nothing });

/** Empty means everything. */
export interface SelectionFilter {
  readonly provider: string;
  readonly status: string;
  readonly requestId: string;
}
export const readSelections = (filter: SelectionFilter, cursor: string | null, limit: number) =>
  call(`/api/v1/selections${toQuery({ ...filter, cursor, limit })}`, { shape: SelectionList });

export const readProviderAnalytics = (since: string) =>
  call(`/api/v1/analytics/providers${toQuery({ since })}`, { shape: ProviderAnalytics });
export const readIntentAnalytics = (since: string) =>
  call(`/api/v1/analytics/intents${toQuery({ since })}`, { shape: IntentAnalytics });
