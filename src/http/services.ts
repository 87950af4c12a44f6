/**
 * What the HTTP application needs from the rest: the composition root (src/wiring.ts) builds it, tests build it from
 * fakes. Nothing in src/http constructs a store, a client or an object's stub.
 */
import type { Hono } from "hono";
import type { SelectionStore } from "../analytics/store.ts";
import type { AuthenticationFailure, ObjectPrincipal, Principal } from "../auth/principal.ts";
import type { AccountStore } from "../auth/store/account-store.ts";
import type { ApiKeyStore } from "../auth/store/api-key-store.ts";
import type { Clock } from "../base/clock.ts";
import type { IdSource, SessionId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import type { Result } from "../base/result.ts";
import type { CircuitAction, CircuitDetail, CircuitList } from "../protocol/circuit.ts";
import type { ModelCatalog } from "../protocol/model-list.ts";
import type {
  SessionMessages,
  SessionSearchHit,
  SessionShareState,
  SessionTicket,
  SharedChat,
} from "../protocol/session-api.ts";
import type { ChatQuestion } from "../protocol/chat-question.ts";
import type { StoredMessage } from "../protocol/session-frame.ts";
import type { AskedAnswer } from "../session/views/asked-answer.ts";
import type { ChatReply } from "../session/log/answer-stream.ts";
import type { CallBudget } from "../routing/budgets/call-budget.ts";
import type { SandboxControl } from "../ops/sandbox/client.ts";
import type { SessionDirectory } from "../session/directory/directory.ts";
import type { AppEnv } from "./app-env.ts";

/** A file that was attached to a chat. */
export interface AttachedFile {
  readonly attachmentId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
}

/** The bytes of attached files. */
export interface FileStore {
  put(key: string, bytes: Uint8Array, mediaType: string): Promise<void>;
  get(key: string): Promise<ReadableStream<Uint8Array> | null>;
  delete(key: string): Promise<void>;
}

/** One chat's object. Every method but `create` may be called for a chat whose object was emptied. */
export interface ChatObject {
  /** Makes the chat; again with the same values changes nothing. */
  create(chat: {
    sessionId: SessionId;
    organizationId: string;
    userId: string;
    title: string;
  }): Promise<void>;
  rename(title: string): Promise<void>;
  /** Ends what runs, closes the sockets, forgets everything. Can be repeated. */
  deleteAll(): Promise<void>;
  /** The newest messages, or those above `before`; without that the running answer as far as it has come too. */
  readMessages(limit: number, before: string | null): Promise<SessionMessages>;
  /** Stops what runs and takes back what waits; false when there was nothing. */
  stop(): Promise<boolean>;
  /**
   * Asks as a `send` frame on a socket of the stock wire does, with the same queue, branches and repeats, and follows
   * the answer. Who stops reading stops nothing.
   */
  ask(question: ChatQuestion): Promise<ChatReply>;
  /** Follows the answer that is being written, from its beginning; who does not read it leaves nothing by going. */
  follow(isRead?: boolean): Promise<ChatReply>;
  /** An answer that has ended, with its receipt; null while it is being written, and for an id that is none. */
  findAnswer(messageId: string): Promise<StoredMessage | null>;
  readAnswer(messageId: string): Promise<AskedAnswer | null>;
  search(query: string, limit: number): Promise<readonly SessionSearchHit[]>;
  /** The whole chat as a file, as UTF-8; null when there is none. */
  export(format: "json" | "markdown"): Promise<ReadableStream<Uint8Array> | null>;
  /** A new secret for a read-only link, an earlier one stops working; null when there is no such chat. */
  share(): Promise<string | null>;
  readShare(): Promise<SessionShareState>;
  unshare(): Promise<void>;
  /** What anybody with the link may see; null for a link that does not work (any more). */
  readShared(secret: string, limit: number, before: string | null): Promise<SharedChat | null>;
  /** Takes note of a file whose bytes are stored. */
  attach(file: AttachedFile): Promise<"taken" | "unknown-chat" | "too-many">;
  findAttachment(attachmentId: string): Promise<AttachedFile | null>;
  issueTicket(holder: ObjectPrincipal): Promise<SessionTicket | null>;
  /** The socket upgrade. Carries PRINCIPAL_HEADER or TICKET_HEADER (src/auth/principal.ts), never both. */
  fetch(request: Request): Promise<Response>;
}

export interface CircuitControl {
  list(): Promise<Omit<CircuitList, "serverTimeMs">>;
  /** `model` names one model's circuit; null is the provider's own. */
  act(
    provider: string,
    action: CircuitAction,
    model: string | null,
    reason: string,
    actor: string,
  ): Promise<Result<CircuitDetail, "unknown-provider">>;
  /** Sets some numbers of the provider's policy; `message` says which one is wrong and how. */
  changePolicy(
    provider: string,
    change: Record<string, number>,
    reason: string,
    actor: string,
  ): Promise<
    Result<CircuitDetail, { readonly type: "unknown-provider" | "invalid"; readonly message: string }>
  >;
  /** The upgrade of the console's socket; the request carries PRINCIPAL_HEADER. */
  liveSocket(request: Request): Promise<Response>;
}

export interface Services {
  readonly environment: string;
  readonly version: string;
  /** Where the product is reached, with its scheme. */
  readonly publicUrl: string;
  /** Origins of pages that may call the API with a visitor's cookie; exact, no wildcard. */
  readonly allowedOrigins: readonly string[];
  /** True when at least one provider is a stand-in. */
  readonly sandbox: boolean;
  readonly log: Log;
  readonly clock: Clock;
  readonly idSource: IdSource;
  /** better-auth's own handler for `/api/auth/*`. */
  readonly handleAuth: (request: Request) => Promise<Response>;
  readonly resolvePrincipal: (request: Request) => Promise<Result<Principal, AuthenticationFailure>>;
  readonly accounts: Pick<AccountStore, "readOrganization">;
  readonly apiKeys: Pick<ApiKeyStore, "create" | "list" | "revoke">;
  /** Makes the revocation of a key take effect in this isolate at once. */
  readonly forgetKey: (keyId: string) => void;
  readonly directory: SessionDirectory;
  readonly chatObject: (sessionId: SessionId) => ChatObject;
  readonly files: FileStore;
  readonly circuits: CircuitControl;
  readonly selections: Pick<SelectionStore, "list" | "read" | "readCounted">;
  readonly modelCatalog: () => Promise<ModelCatalog>;
  /** A sentence about the first class or target that cannot be asked for; null when all can. */
  readonly checkModels: (requested: readonly string[]) => string | null;
  /** What organizations may still ask in this minute, in this isolate; null: no limit. */
  readonly callBudget: CallBudget | null;
  /** Null where no provider is a stand-in. */
  readonly sandboxControl: SandboxControl | null;
  /** By name; a check that rejects, or does not answer within a second, has failed. */
  readonly healthChecks: Readonly<Record<string, () => Promise<void>>>;
  /** The web pages' files: a 404 when there is no such file. */
  readonly assets: (request: Request) => Promise<Response>;
  /** The wires of model calls (model-routes.ts). Its handlers find `requestId` and `principal` in the context. */
  readonly modelRoutes: Hono<AppEnv>;
}
