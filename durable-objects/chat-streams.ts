/** The HTTP answers that are open on a chat's object: how many, and that none outlives the chat. Rules HT131, HT134, HT139, HT283, HT341, SE252. */
import type { Clock } from "../src/base/clock.ts";
import { CallSettings } from "../src/protocol/call-settings.ts";
import type { ChatQuestion } from "../src/protocol/chat-question.ts";
import { SendFrame } from "../src/protocol/session-frame.ts";
import { AnswerStream, type ChatReply } from "../src/session/log/answer-stream.ts";
import type { Chat } from "../src/session/chat.ts";
import type { QuestionFiles } from "../src/session/files/question-files.ts";

/** RFC 6455: what cannot be done here. */
const CLOSE_BROKEN = 1011;
const BROKEN = "Something went wrong here. Try again.";
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
  /** Of those that have ended here, too: a connection that died without a close takes nothing more. Rule HT341. */
  private readonly untaken = new Map<AnswerStream, string>();

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

  /** `isRead`: false for who only looks whether there is one, and leaves nothing by going. */
  follow(chat: Chat, isRead = true): Promise<ChatReply> {
    return this.open(chat, true, (stream) => chat.followNewest(stream, this.listLeft()), isRead);
  }

  private noteUntaken(stream: AnswerStream, answerId: string): void {
    this.untaken.set(stream, answerId);
    const [oldest] = this.untaken.keys();
    if (this.untaken.size > MAX_STREAMS && oldest !== undefined) this.untaken.delete(oldest);
  }

  private listLeft(): ReadonlySet<string> {
    const left = this.left.read();
    for (const stream of this.untaken.keys()) if (!stream.isUntaken) this.untaken.delete(stream);
    return new Set([...this.untaken.values(), ...(left === null ? [] : [left])]);
  }

  closeAll(code: number, reason: string): void {
    for (const stream of this.streams) stream.close(code, reason);
  }

  /** `begin` hands the stream to the chat; whether that is refused is known at once. */
  private async open(
    chat: Chat,
    bringsWords: boolean,
    begin: (stream: AnswerStream) => void,
    isRead = bringsWords,
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
        if (isRead && answerId !== null) this.left.write(answerId);
      },
    );
    this.streams.add(stream);
    try {
      begin(stream);
    } catch (error) {
      // Nobody will read it: it would keep its place, and the object awake, for good.
      stream.close(CLOSE_BROKEN, BROKEN);
      throw error;
    }
    answerId = chat.findFollowedAnswer(stream);
    if (isRead && answerId !== null) this.noteUntaken(stream, answerId);
    return stream.toReply();
  }
}
