/**
 * WIRE: the frames of a chat socket, `GET /api/v1/sessions/{id}/socket`.
 *
 * Without a subprotocol the wire is exactly that of AI SDK 7's `WebSocketChatTransport`
 * (https://ai-sdk.dev/docs/reference/ai-sdk-ui/websocket-chat-transport): nothing more may be sent, since an
 * unknown frame makes that client close the connection. With the subprotocol `breakwater.v1` the same frames are
 * spoken, and also those a shared, live chat needs: a client is told of turns that other tabs started.
 *
 * Rules SE10 to SE17 in docs/spec/session.md.
 */
import { z } from "zod";
import { Receipt } from "./answer.ts";
import { AnswerChunk } from "./answer-chunk.ts";
import { RoutingPolicy } from "./selection.ts";

export const LIVE_SUBPROTOCOL = "breakwater.v1";

/** What a client frame may have, without the files of its question and the earlier messages that a `send` brings along. */
export const MAX_FRAME_BYTES = 1_048_576;
/** A question with its files, as `data:` addresses; what is kept of a client's copy of the chat may be as much. */
export const MAX_QUESTION_BYTES = 16 * MAX_FRAME_BYTES;

/** Sent by a client as plain text to see whether the socket lives; answered with PONG without waking the object. */
export const PING = "ping";
export const PONG = "pong";

const RequestIdShape = z.string().min(1).max(200);

export const MAX_MESSAGE_PARTS = 1_000;
/** What a client's copy of the chat may have, over a socket and over HTTP. */
export const MAX_COPY_MESSAGES = 10_000;

/**
 * A UI message as a client sends it. Only the last user message is read, since the object knows the rest better;
 * parts of other kinds are allowed in the history and ignored.
 */
export const ClientMessage = z.object({
  id: z.string().min(1).max(200),
  role: z.enum(["system", "user", "assistant"]),
  parts: z.array(z.looseObject({ type: z.string() })).max(MAX_MESSAGE_PARTS),
});
export type ClientMessage = z.infer<typeof ClientMessage>;

/** `body` of a `send`: the target, as contract names it. */
export const SendBody = z.looseObject({
  /** A model class or a pinned `provider/model-id`. */
  model: z.string().min(1).max(200).optional(),
  /** Instead of `model`: an ordered list of classes or targets, tried in turn. */
  models: z.array(z.string().min(1).max(200)).min(1).max(10).optional(),
  /** How the candidates of a class are put in order; left out: as this installation does. */
  policy: RoutingPolicy.optional(),
});
export type SendBody = z.infer<typeof SendBody>;

export const SendFrame = z.object({
  type: z.literal("send"),
  requestId: RequestIdShape,
  id: z.string().max(200),
  trigger: z.enum(["submit-message", "regenerate-message"]),
  messageId: z.string().max(200).optional(),
  messages: z.array(ClientMessage).max(MAX_COPY_MESSAGES),
  headers: z.record(z.string(), z.string()).default({}),
  body: SendBody.default({}),
  metadata: z.unknown().optional(),
});
export type SendFrame = z.infer<typeof SendFrame>;

export const ResumeFrame = z.object({
  type: z.literal("resume"),
  requestId: RequestIdShape,
  id: z.string().max(200),
  /** The last sequence the client has; what follows it is sent. Left out: everything from 0. */
  lastSequence: z.int().nonnegative().optional(),
  /**
   * `breakwater.v1` only: the turn the cursor belongs to. Left out: the turn that was asked for under this `requestId`,
   * else the running one, else the last one.
   */
  turnId: z.string().max(200).optional(),
  /** `breakwater.v1` only: the generation in which the client saw `lastSequence`. */
  generation: z.int().nonnegative().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.looseObject({}).default({}),
  metadata: z.unknown().optional(),
});
export type ResumeFrame = z.infer<typeof ResumeFrame>;

export const AbortFrame = z.object({ type: z.literal("abort"), requestId: RequestIdShape });
export type AbortFrame = z.infer<typeof AbortFrame>;

/** `breakwater.v1` only: stop the turn that is named, else whatever turn is running, whoever started it. */
export const StopFrame = z.object({ type: z.literal("stop"), turnId: z.string().max(200).optional() });
export type StopFrame = z.infer<typeof StopFrame>;

/**
 * `breakwater.v1` only: the chunks up to `sequence` have arrived. Sent at least every `ACK_EVERY_BYTES` of received
 * frames; a socket with more than `MAX_UNACKNOWLEDGED_BYTES` on their way is sent nothing more until it says so.
 */
export const AckFrame = z.object({
  type: z.literal("ack"),
  requestId: RequestIdShape,
  sequence: z.int().nonnegative(),
});
export type AckFrame = z.infer<typeof AckFrame>;
export const ACK_EVERY_BYTES = 32_768;
export const MAX_UNACKNOWLEDGED_BYTES = 262_144;

/** `breakwater.v1` only: the messages above `before` on the path that is shown; answered by `older-messages`. */
export const LoadOlderFrame = z.object({
  type: z.literal("load-older"),
  before: z.string().max(200),
  limit: z.int().min(1).max(200).default(50),
});
export type LoadOlderFrame = z.infer<typeof LoadOlderFrame>;

/** `breakwater.v1` only: show the branch that this message is on, down to its newest message, in every tab. */
export const SelectBranchFrame = z.object({
  type: z.literal("select-branch"),
  messageId: z.string().max(200),
});
export type SelectBranchFrame = z.infer<typeof SelectBranchFrame>;

/** `breakwater.v1` only: the word on a tool call that waits for one (`tool-approval-request`). */
export const DecideToolFrame = z.object({
  type: z.literal("decide-tool"),
  approvalId: z.string().max(200),
  approved: z.boolean(),
});
export type DecideToolFrame = z.infer<typeof DecideToolFrame>;

export const ClientFrame = z.discriminatedUnion("type", [SendFrame, ResumeFrame, AbortFrame]);
export type ClientFrame = z.infer<typeof ClientFrame>;
export const LiveClientFrame = z.discriminatedUnion("type", [
  SendFrame,
  ResumeFrame,
  AbortFrame,
  StopFrame,
  AckFrame,
  LoadOlderFrame,
  SelectBranchFrame,
  DecideToolFrame,
]);
export type LiveClientFrame = z.infer<typeof LiveClientFrame>;

/** A message as the object stores it and as `GET …/messages` gives it: AI SDK's `UIMessage` with a receipt. */
export const StoredMessage = z.object({
  id: z.string(),
  role: z.enum(["user", "assistant"]),
  /** The message this one answers or follows; null for the first. Branches share a parent. */
  parentId: z.string().nullable(),
  parts: z.array(z.looseObject({ type: z.string() })),
  /** Null on a user's message. */
  metadata: Receipt.nullable(),
  createdAt: z.iso.datetime(),
});
export type StoredMessage = z.infer<typeof StoredMessage>;

/** Server frames that both wires have. */
export const StartFrame = z.object({ type: z.literal("start"), requestId: z.string() });
export const ChunkFrame = z.object({
  type: z.literal("chunk"),
  requestId: z.string(),
  /** Gapless from 0 within a turn. */
  sequence: z.int().nonnegative(),
  chunk: AnswerChunk,
});
export const EndFrame = z.object({ type: z.literal("end"), requestId: z.string() });
export const ErrorFrame = z.object({
  type: z.literal("error"),
  requestId: z.string(),
  errorText: z.string(),
});
export const NoActiveFrame = z.object({ type: z.literal("no-active"), requestId: z.string() });

export const ActiveTurn = z.object({
  turnId: z.string(),
  /** The id that the turn's `start`, `chunk` and `end` frames carry on every `breakwater.v1` socket. */
  requestId: z.string(),
  /** The answer's message id. */
  messageId: z.string(),
  /** The user's message that it answers. */
  parentId: z.string(),
  /** Counts the crashes that the turn has lived through; belongs to a cursor. */
  generation: z.int().nonnegative().default(0),
});
export type ActiveTurn = z.infer<typeof ActiveTurn>;

/**
 * Messages with others beside them (edited questions, regenerated answers): for each that is shown, all ids at its
 * place, oldest first, its own included.
 */
export const Branches = z.record(z.string(), z.array(z.string()));
export type Branches = z.infer<typeof Branches>;

/** What a model is told in place of the messages up to and with `upToMessageId`, once they no longer fit. */
export const ChatSummary = z.object({ upToMessageId: z.string(), text: z.string() });
export type ChatSummary = z.infer<typeof ChatSummary>;

/** A piece of the path that is shown, oldest first. `hasOlder`: there are messages above it. */
export const PathPage = z.object({
  messages: z.array(StoredMessage),
  hasOlder: z.boolean().default(false),
  branches: Branches.default({}),
});
export type PathPage = z.infer<typeof PathPage>;

/**
 * `breakwater.v1` only, first frame on a new socket: the chat as it stands. A running turn's chunks do not follow
 * by themselves: the client sends `resume` with the cursor it has (or none) and is live from there.
 */
export const HelloFrame = z.object({
  type: z.literal("hello"),
  sessionId: z.string(),
  title: z.string(),
  /** The newest messages of the path that is shown, oldest first, without the answer that is running. */
  ...PathPage.shape,
  activeTurn: ActiveTurn.nullable(),
  /** Null while everything is told to the models as it was said. */
  summary: ChatSummary.nullable().default(null),
  /** Sockets on this chat, this one included. */
  presence: z.int().nonnegative(),
});
/** `breakwater.v1` only, the answer to `load-older`. */
export const OlderMessagesFrame = z.object({
  type: z.literal("older-messages"),
  before: z.string(),
  ...PathPage.shape,
});
/** `breakwater.v1` only: another branch is shown; its newest messages take the place of what was there. */
export const PathChangedFrame = z.object({ type: z.literal("path-changed"), ...PathPage.shape });
/** `breakwater.v1` only: messages have got others beside them; what is not named stays as it was. */
export const BranchesChangedFrame = z.object({ type: z.literal("branches-changed"), branches: Branches });
/** `breakwater.v1` only: from now on models are told this summary in place of older messages. */
export const SummaryChangedFrame = z.object({ type: z.literal("summary-changed"), summary: ChatSummary });
/** `breakwater.v1` only: the chunks of this turn up to `sequence` are stored, and no crash takes them back. */
export const DurableFrame = z.object({
  type: z.literal("durable"),
  requestId: z.string(),
  generation: z.int().nonnegative(),
  sequence: z.int().nonnegative(),
});
/**
 * `breakwater.v1` only: a crash has taken back what came after `sequence` (-1: all of it). The client forgets it;
 * what takes its place follows, in this generation.
 */
export const RewindFrame = z.object({
  type: z.literal("rewind"),
  requestId: z.string(),
  generation: z.int().nonnegative(),
  sequence: z.int().min(-1),
});
/** `breakwater.v1` only: a user's message was stored (also told to the tab that sent it). */
export const MessageAddedFrame = z.object({ type: z.literal("message-added"), message: StoredMessage });
/** `breakwater.v1` only: a turn began; its chunks follow on this socket under `requestId`. */
export const TurnStartedFrame = z.object({ type: z.literal("turn-started"), turn: ActiveTurn });
/** `breakwater.v1` only: a turn ended; the message as stored, to be taken instead of what was put together from chunks. */
export const TurnEndedFrame = z.object({
  type: z.literal("turn-ended"),
  turnId: z.string(),
  message: StoredMessage,
});
/** `breakwater.v1` only: the chat was renamed, deleted, or somebody came or went. */
export const SessionChangedFrame = z.object({
  type: z.literal("session-changed"),
  title: z.string(),
  presence: z.int().nonnegative(),
  deleted: z.boolean(),
});

export const ServerFrame = z.discriminatedUnion("type", [
  StartFrame,
  ChunkFrame,
  EndFrame,
  ErrorFrame,
  NoActiveFrame,
]);
export type ServerFrame = z.infer<typeof ServerFrame>;
export const LiveServerFrame = z.discriminatedUnion("type", [
  StartFrame,
  ChunkFrame,
  EndFrame,
  ErrorFrame,
  NoActiveFrame,
  HelloFrame,
  MessageAddedFrame,
  TurnStartedFrame,
  TurnEndedFrame,
  SessionChangedFrame,
  OlderMessagesFrame,
  PathChangedFrame,
  BranchesChangedFrame,
  SummaryChangedFrame,
  DurableFrame,
  RewindFrame,
]);
export type LiveServerFrame = z.infer<typeof LiveServerFrame>;
