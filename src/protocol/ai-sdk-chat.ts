/**
 * WIRE: the body of `POST /api/chat`, as AI SDK's `DefaultChatTransport` sends it. The answer is AI SDK's UI message
 * stream, made of the chunks in answer-chunk.ts. A field that is not here is refused by its name.
 */
import { z } from "zod";
import { MAX_COPY_MESSAGES, SendBody } from "./session-frame.ts";

/** A client makes the ids of its chats: AI SDK's have 16 letters and digits, an application's may be any name. */
export const ClientChatId = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, "must be printable")
  // Of these two no address can be made.
  .refine((id) => id !== "." && id !== "..", "must not be a dot or two");

const TextPart = z.strictObject({
  type: z.literal("text"),
  text: z.string(),
  state: z.enum(["streaming", "done"]).optional(),
});

const FilePart = z.strictObject({
  type: z.literal("file"),
  mediaType: z.string().max(100),
  /** A longer one than 200 characters is cut. */
  filename: z.string().max(1_000).optional(),
  /** Of an attachment of this chat, or a `data:` address. */
  url: z.string(),
});

/** The newest message: the one that is asked. */
export const AskedMessage = z.strictObject({
  id: z.string().min(1).max(200),
  role: z.literal("user"),
  parts: z.array(z.discriminatedUnion("type", [TextPart, FilePart])).max(1_000),
  /** The client's own notes: they stay with it. */
  metadata: z.unknown().optional(),
});
export type AskedMessage = z.infer<typeof AskedMessage>;

/** What came before is the chat's own business; of the client's copy only who spoke is looked at. */
const EarlierMessage = z.looseObject({ role: z.enum(["user", "assistant"]) });

export const AiSdkChatRequest = z.strictObject({
  /** One of our own ids (`chat_…`), or a name that the client has made up. */
  id: ClientChatId,
  /** The client's copy of the chat, oldest first. */
  messages: z.array(EarlierMessage).min(1).max(MAX_COPY_MESSAGES).optional(),
  /** Instead of `messages`: the newest one alone. */
  message: EarlierMessage.optional(),
  trigger: z.enum(["submit-message", "regenerate-message"]).default("submit-message"),
  /** The question that is edited, or the answer that is to be given again. */
  messageId: z.string().min(1).max(200).optional(),
  ...SendBody.shape,
});
export type AiSdkChatRequest = z.infer<typeof AiSdkChatRequest>;
