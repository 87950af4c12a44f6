/** The HTTP answers that are open on a chat's object: how many, and that none outlives the chat. Rules HT131, HT134, HT139, HT283. */
import type { Clock } from "../src/base/clock.ts";
import { CallSettings } from "../src/protocol/call-settings.ts";
import type { ChatQuestion } from "../src/protocol/chat-question.ts";
import { SendFrame } from "../src/protocol/session-frame.ts";
import { AnswerStream, type ChatReply } from "../src/session/answer-stream.ts";
import type { Chat } from "../src/session/chat.ts";
import type { QuestionFiles } from "../src/session/question-files.ts";

/** As many as sockets: each is a tab that somebody has open. */
const MAX_STREAMS = 200;

/** The answer that a client of AI SDK has last left before it had read it to its end: outlives the object. Rule HT283. */
export interface LeftAnswer {
  read(): string | null;
  write(messageId: string): void;
}

export class ChatStreams {
  private readonly clock: Clock;
  private readonly left: LeftAnswer;
  private readonly files: Pick<QuestionFiles, "ask">;
  private readonly streams = new Set<AnswerStream>();

  constructor(clock: Clock, left: LeftAnswer, files: Pick<QuestionFiles, "ask">) {
    this.clock = clock;
    this.left = left;
    this.files = files;
  }

  async ask(chat: Chat, question: ChatQuestion): Promise<ChatReply> {
    const { settings, parentId, bringsWords = false, ...asked } = question;
    const frame = SendFrame.parse({ ...asked, type: "send", id: "" });
    const wish = {
      ...(settings === undefined ? {} : { settings: CallSettings.parse(settings) }),
      ...(parentId === undefined ? {} : { parentId }),
    };
    const { promise, resolve } = Promise.withResolvers<ChatReply>();
    const moving = await this.files.ask(frame, (moved) =>
      resolve(this.open(chat, bringsWords, (stream) => chat.ask(stream, moved, wish))),
    );
    if (moving.ok) return promise;
    const { reason, isAway } = moving.error;
    return { type: isAway ? "unavailable" : "refused", reason };
  }

  follow(chat: Chat): Promise<ChatReply> {
    return this.open(chat, true, (stream) => chat.followNewest(stream, this.left.read()));
  }

  closeAll(code: number, reason: string): void {
    for (const stream of this.streams) stream.close(code, reason);
  }

  /** `begin` hands the stream to the chat; whether that is refused is known at once. */
  private async open(
    chat: Chat,
    bringsWords: boolean,
    begin: (stream: AnswerStream) => void,
  ): Promise<ChatReply> {
    if (this.streams.size >= MAX_STREAMS) return { type: "too-many-readers" };
    let answerId: string | null = null;
    const stream = new AnswerStream(
      this.clock,
      bringsWords,
      () => {
        this.streams.delete(stream);
        chat.forgetFollower(stream);
      },
      () => {
        if (bringsWords && answerId !== null) this.left.write(answerId);
      },
    );
    this.streams.add(stream);
    begin(stream);
    answerId = chat.findFollowedAnswer(stream);
    return stream.toReply();
  }
}
