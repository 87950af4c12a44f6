/** A chat's object as far as questions go: takes each once, answers in order, keeps five turns open. For tests. */
import type {
  ActiveTurn,
  LiveClientFrame,
  LiveServerFrame,
  StoredMessage,
} from "../../../src/protocol/session-frame.ts";
import { makeAnswer, makeHello, makeQuestion } from "./chat-fixture.ts";

const MAX_OPEN_TURNS = 5;

export class ChatWorld {
  readonly messages: StoredMessage[] = [];
  refusals = 0;
  private readonly turns: ActiveTurn[] = [];
  private leafId: string | null = null;
  /** Who made itself follow a turn by asking its question again. */
  private followed: { readonly requestId: string; readonly turn: ActiveTurn } | null = null;

  hello(): LiveServerFrame {
    return makeHello([...this.messages], this.turns[0] ?? null);
  }

  /** What it says to a frame of the page. */
  take(frame: LiveClientFrame): LiveServerFrame[] {
    if (frame.type === "abort") return this.abort(frame.requestId);
    if (frame.type !== "send") return [];
    const { requestId } = frame;
    const [question] = frame.messages;
    if (question === undefined) return [];
    if (this.messages.some(({ id }) => id === question.id)) {
      this.turns
        .filter(({ parentId }) => parentId === question.id)
        .forEach((turn) => (this.followed = { requestId, turn }));
      return [{ type: "start", requestId }];
    }
    if (this.turns.length >= MAX_OPEN_TURNS) {
      this.refusals += 1;
      return [{ type: "error", requestId, errorText: "Too many questions are waiting." }];
    }
    const parentId = this.leafId;
    const message = makeQuestion(question.id, parentId, `text of ${question.id}`);
    const turn = {
      turnId: `turn_${question.id}`,
      requestId,
      messageId: `answer_${question.id}`,
      parentId: question.id,
      generation: 0,
    };
    this.messages.push(message);
    this.turns.push(turn);
    // Also below a turn that is taken back later: the path stays one line.
    this.leafId = turn.messageId;
    const isFirst = this.turns.length === 1;
    return [
      { type: "message-added", message },
      ...(isFirst ? [{ type: "turn-started", turn } as const, { type: "start", requestId } as const] : []),
    ];
  }

  /** The running turn ends and the next one begins. */
  endTurn(): LiveServerFrame[] {
    const turn = this.turns.shift();
    if (turn === undefined) return [];
    const next = this.turns[0];
    return [this.store(turn), ...(next === undefined ? [] : [{ type: "turn-started", turn: next } as const])];
  }

  private abort(requestId: string): LiveServerFrame[] {
    const turn = this.turns.find(
      (open) =>
        open.requestId === requestId ||
        (this.followed?.requestId === requestId && this.followed.turn === open),
    );
    if (turn === undefined) return [];
    if (turn === this.turns[0]) return this.endTurn();
    this.turns.splice(this.turns.indexOf(turn), 1);
    return [this.store(turn)];
  }

  private store({ turnId, messageId, parentId }: ActiveTurn): LiveServerFrame {
    const message = makeAnswer(messageId, parentId);
    const at = this.messages.findIndex(({ id }) => id === parentId);
    this.messages.splice(at + 1, 0, message);
    return { type: "turn-ended", turnId, message };
  }
}
