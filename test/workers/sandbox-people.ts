/** Who the tests are: people and programs with real rows in D1, who knock at the Worker's own door. */
import { env, exports } from "cloudflare:workers";
import { user } from "../../schema/d1/accounts.ts";
import { seedLocal } from "../../src/auth/seed.ts";
import { createAccountStore } from "../../src/auth/store/account-store.ts";
import { createApiKeyStore } from "../../src/auth/store/api-key-store.ts";
import { openDatabase } from "../../src/auth/store/database.ts";
import { SessionMessages, SessionSummary, SessionTicket } from "../../src/protocol/session-api.ts";
import type { StoredMessage } from "../../src/protocol/session-frame.ts";
import { systemIdSource } from "../../src/system.ts";
import { SocketClient } from "./sandbox-socket.ts";

/** As `PUBLIC_URL` of wrangler.jsonc. */
export const ORIGIN = "http://127.0.0.1:8787";
export const LIVE = "breakwater.v1";

const database = openDatabase(env.DB);
const accounts = createAccountStore(database, systemIdSource);
const apiKeys = createApiKeyStore(database, systemIdSource);

type Credentials = Readonly<Record<string, string>>;

/** Somebody with credentials. */
export class Visitor {
  readonly credentials: Credentials;

  constructor(credentials: Credentials) {
    this.credentials = credentials;
  }

  fetch(request: Request): Promise<Response> {
    return exports.default.fetch(request);
  }

  call(method: string, path: string, body?: unknown, more: Credentials = {}): Promise<Response> {
    const text = body === undefined ? null : JSON.stringify(body);
    const headers = { origin: ORIGIN, "content-type": "application/json", ...this.credentials, ...more };
    return exports.default.fetch(new Request(ORIGIN + path, { method, headers, body: text }));
  }

  /** The answer to an upgrade: 101 with a socket, or a refusal. */
  upgrade(path: string, headers: Credentials = {}): Promise<Response> {
    const all = { upgrade: "websocket", origin: ORIGIN, ...this.credentials, ...headers };
    return exports.default.fetch(new Request(ORIGIN + path, { headers: all }));
  }

  async open(path: string, headers: Credentials = {}): Promise<SocketClient> {
    const answer = await this.upgrade(path, headers);
    if (answer.webSocket === null) throw new Error(`no socket: ${answer.status} ${await answer.text()}`);
    return new SocketClient(answer.webSocket);
  }

  async createChat(title?: string): Promise<Chat> {
    const answer = await this.call("POST", "/api/v1/sessions", title === undefined ? {} : { title });
    if (answer.status !== 201) throw new Error(`no chat: ${answer.status} ${await answer.text()}`);
    return new Chat(this, SessionSummary.parse(await answer.json()).id);
  }
}

/** One chat of one visitor. */
export class Chat {
  readonly owner: Visitor;
  readonly id: string;
  readonly path: string;

  constructor(owner: Visitor, id: string) {
    this.owner = owner;
    this.id = id;
    this.path = `/api/v1/sessions/${id}`;
  }

  /** A socket on the wire of AI SDK's transport. */
  open(): Promise<SocketClient> {
    return this.owner.open(`${this.path}/socket`);
  }

  /** A socket as the platform gives it, not accepted yet. */
  async openRaw(): Promise<WebSocket> {
    const { webSocket } = await this.owner.upgrade(`${this.path}/socket`);
    if (webSocket === null) throw new Error("no socket");
    return webSocket;
  }

  /** A socket that is told of everything, with its `hello` read. */
  async openLive(): Promise<SocketClient> {
    const socket = await this.owner.open(`${this.path}/socket`, { "sec-websocket-protocol": LIVE });
    await socket.waitFor((frame) => frame.type === "hello");
    return socket;
  }

  async readMessages(): Promise<StoredMessage[]> {
    const answer = await this.owner.call("GET", `${this.path}/messages`);
    return SessionMessages.parse(await answer.json()).messages;
  }

  async issueTicket(): Promise<string> {
    const answer = await this.owner.call("POST", `${this.path}/ticket`);
    return SessionTicket.parse(await answer.json()).ticket;
  }

  stub() {
    return env.CHAT_SESSION.get(env.CHAT_SESSION.idFromName(this.id));
  }
}

/** A new person in an organization of their own, by an API key. */
export async function createVisitor(): Promise<
  Visitor & { readonly userId: string; readonly organizationId: string }
> {
  const userId = `user_${crypto.randomUUID()}`;
  const now = new Date();
  const row = { id: userId, name: "Ada", email: `${userId}@example.com`, createdAt: now, updatedAt: now };
  await database.insert(user).values(row);
  const { id: organizationId } = await accounts.savePersonalOrganization({ userId, name: "Ada" });
  const created = await apiKeys.create({ userId, organizationId }, "tests");
  if (!created.ok) throw new Error(created.error);
  const visitor = new Visitor({ authorization: `Bearer ${created.value.key}` });
  return Object.assign(visitor, { userId, organizationId });
}

/** The local admin, signed in by cookie. */
export async function createAdmin(): Promise<Visitor> {
  const admin = { adminEmail: "admin@example.com", adminPassword: "a long enough password" };
  await seedLocal(env.DB, admin, systemIdSource);
  const body = { email: admin.adminEmail, password: admin.adminPassword };
  const answer = await new Visitor({}).call("POST", "/api/auth/sign-in/email", body);
  if (!answer.ok) throw new Error(`no sign-in: ${answer.status} ${await answer.text()}`);
  const pairs = answer.headers.getSetCookie().map((line) => line.split(";")[0] ?? "");
  return new Visitor({ cookie: pairs.join("; ") });
}

/** The words of a message. */
export function textOf(parts: StoredMessage["parts"] = []): string {
  return parts
    .map((part) => (part.type === "text" && typeof part["text"] === "string" ? part["text"] : ""))
    .join("");
}
