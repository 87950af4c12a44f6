/** Fakes of what belongs to one chat: its object, and the bucket with its files. They keep what a route's answer needs. */
import type { SessionId } from "../../../src/base/id.ts";
import type { AttachedFile, ChatObject, FileStore } from "../../../src/http/services.ts";
import type { ChatQuestion } from "../../../src/protocol/chat-question.ts";
import type { StoredMessage } from "../../../src/protocol/session-frame.ts";
import type { ChatReply } from "../../../src/session/log/answer-stream.ts";

export const NOW_ISO = "2026-11-20T12:00:00.000Z";

/** What the fake objects and the fake bucket hold. */
export interface FakeChatState {
  /** By key, as they were put. */
  readonly files: Map<string, { readonly bytes: Uint8Array; readonly mediaType: string }>;
  /** By the chat's id, a slash and the file's id. */
  readonly attached: Map<string, AttachedFile>;
  /** By the chat's id: the only secret that opens its link. */
  readonly secrets: Map<string, string>;
  /** What objects were asked over HTTP, in order. */
  readonly questions: ChatQuestion[];
  /** What objects say to the next question, or to who wants to follow; null: an answer of one event. */
  nextAnswer: Exclude<ChatReply, { type: "answer" }> | null;
}

export function createFakeChatState(): FakeChatState {
  return { files: new Map(), attached: new Map(), secrets: new Map(), questions: [], nextAnswer: null };
}

export function createFakeFiles({ files }: FakeChatState, asked: string[]): FileStore {
  return {
    put: (key, bytes, mediaType) => {
      asked.push(`put ${key} ${mediaType}`);
      files.set(key, { bytes, mediaType });
      return Promise.resolve();
    },
    get: (key) => {
      asked.push(`get ${key}`);
      const file = files.get(key);
      return Promise.resolve(file === undefined ? null : toStream([file.bytes]));
    },
    delete: (key) => {
      asked.push(`drop ${key}`);
      files.delete(key);
      return Promise.resolve();
    },
  };
}

const MESSAGE: StoredMessage = {
  id: "m1",
  role: "user",
  parentId: null,
  parts: [{ type: "text", text: "Hello" }],
  metadata: null,
  createdAt: NOW_ISO,
};

export function createFakeObject(
  sessionId: SessionId,
  state: FakeChatState,
  asked: string[],
  requests: Request[],
): ChatObject {
  const note = (what: string): Promise<void> => {
    asked.push(`object ${what} ${sessionId}`);
    return Promise.resolve();
  };
  return {
    create: () => note("create"),
    rename: (title) => note(`rename ${title}`),
    deleteAll: () => note("delete"),
    readMessages: async (limit, before) => {
      await note(`messages ${limit} ${before ?? "newest"}`);
      return { messages: [MESSAGE], hasOlder: before === null };
    },
    readAnswer: async (messageId) => {
      await note(`answer ${messageId}`);
      return null;
    },
    stop: async () => {
      await note("stop");
      return true;
    },
    search: async (query, limit) => {
      await note(`search ${limit} ${query}`);
      return [{ messageId: "m1", role: "user", excerpt: "Hello", createdAt: NOW_ISO }];
    },
    export: async (format) => {
      await note(`export ${format}`);
      return toStream(["first ", "second"].map((text) => new TextEncoder().encode(text)));
    },
    issueTicket: async () => {
      await note("ticket");
      return { ticket: "t_1", expiresInSeconds: 60 };
    },
    fetch: (request) => {
      requests.push(request);
      return Promise.resolve(new Response("socket"));
    },
    ...createFakeAnswers(state, note),
    ...createFakeLink(sessionId, state, note),
    ...createFakeAttachments(sessionId, state, note),
  };
}

type Note = (what: string) => Promise<void>;

function createFakeAnswers(
  state: FakeChatState,
  note: Note,
): Pick<ChatObject, "ask" | "follow" | "findAnswer"> {
  const toAnswer = (): ChatReply => {
    const { nextAnswer } = state;
    state.nextAnswer = null;
    const text = `data: {"type":"start"}\n\ndata: [DONE]\n\n`;
    const server = { provider: "openai", model: "gpt", attempts: 2 };
    return nextAnswer ?? { type: "answer", events: toStream([new TextEncoder().encode(text)]), server };
  };
  return {
    ask: async (question) => {
      await note(`ask ${question.trigger}`);
      state.questions.push(question);
      return toAnswer();
    },
    follow: async () => {
      await note("follow");
      return toAnswer();
    },
    findAnswer: async (messageId) => {
      await note(`answer ${messageId}`);
      return messageId === MESSAGE.id ? MESSAGE : null;
    },
  };
}

function createFakeLink(
  sessionId: SessionId,
  { secrets }: FakeChatState,
  note: Note,
): Pick<ChatObject, "share" | "readShare" | "unshare" | "readShared"> {
  return {
    share: async () => {
      await note("share");
      // As many signs as a real one has; never the one before.
      const secret = String(secrets.has(sessionId) ? 1 : 0).repeat(64);
      secrets.set(sessionId, secret);
      return secret;
    },
    readShare: async () => {
      await note("read-share");
      const isShared = secrets.has(sessionId);
      return { isShared, createdAt: isShared ? NOW_ISO : null };
    },
    unshare: async () => {
      await note("unshare");
      secrets.delete(sessionId);
    },
    readShared: async (secret, limit, before) => {
      await note(`read-shared ${limit} ${before ?? "newest"}`);
      if (secrets.get(sessionId) !== secret) return null;
      return { title: "First", messages: [MESSAGE], hasOlder: false };
    },
  };
}

function createFakeAttachments(
  sessionId: SessionId,
  { attached }: FakeChatState,
  note: Note,
): Pick<ChatObject, "attach" | "findAttachment"> {
  return {
    attach: async (file) => {
      await note(`attach ${file.attachmentId}`);
      attached.set(`${sessionId}/${file.attachmentId}`, file);
      return "taken";
    },
    findAttachment: async (attachmentId) => {
      await note(`find-file ${attachmentId}`);
      return attached.get(`${sessionId}/${attachmentId}`) ?? null;
    },
  };
}

/** A stream of those pieces. */
function toStream(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}
