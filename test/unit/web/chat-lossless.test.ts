/** Whatever happens to the line, each question is stored once and in order. Rules WB54 to WB56, WB65. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { LiveClientFrame, LiveServerFrame } from "../../../src/protocol/session-frame.ts";
import { toTranscriptRows } from "../../../web/chat/transcript/transcript-row.ts";
import { newChatState } from "../../../web/session/chat-state.ts";
import type { ChatEvent, ChatState } from "../../../web/session/chat-state.ts";
import { applyChatEvent } from "../../../web/session/chat-view.ts";
import { canAsk } from "../../../web/session/outbox-step.ts";
import { readOutbox, saveOutbox } from "../../../web/session/outbox.ts";
import { settle } from "../../../web/session/settled-chat.ts";
import { ask, CUT, frame, SESSION_ID } from "./chat-fixture.ts";
import { ChatWorld } from "./chat-world.ts";
import { TabStorage } from "./tab-storage.ts";

type Deed = "ask" | "cut" | "come-back" | "arrive" | "lose" | "hear" | "end" | "reload" | "take-back";

/** A page, its line and the server at the other end of it; frames take their time both ways. */
class Tab {
  state: ChatState = newChatState(SESSION_ID, []);
  readonly world = new ChatWorld();
  readonly asked: string[] = [];
  readonly takenBack: string[] = [];
  private readonly storage = new TabStorage();
  private up: LiveClientFrame[] = [];
  private down: LiveServerFrame[] = [];
  private isOpen = false;

  do(deed: Deed): void {
    if (deed === "ask") this.ask();
    else if (deed === "take-back") this.takeBack();
    else if (deed === "cut" || deed === "lose") this.cut(deed === "lose");
    else if (deed === "come-back") this.comeBack();
    else if (deed === "reload") this.reload();
    else if (deed === "end") this.tell(this.world.endTurn());
    else if (deed === "arrive") this.arrive();
    else this.hear();
  }

  /** All that is under way arrives, and every answer ends. */
  settle(): void {
    this.comeBack();
    for (let round = 0; round < 200; round += 1) {
      while (this.up.length > 0) this.arrive();
      while (this.down.length > 0) this.hear();
      this.tell(this.world.endTurn());
    }
  }

  private ask(): void {
    if (!canAsk(this.state)) return;
    const id = `q${this.asked.length}`;
    this.asked.push(id);
    this.apply(ask(id));
  }

  /** The last question that waits. */
  private takeBack(): void {
    const waiting = toTranscriptRows(settle(this.state, null)).findLast(
      (row) => row.kind === "pending" || (row.kind === "message" && row.waits),
    );
    const id = waiting?.kind === "pending" ? waiting.pending.messageId : waiting?.key;
    if (id === undefined || (waiting?.kind === "message" && this.state.connection !== "live")) return;
    this.takenBack.push(id);
    this.apply({ type: "take-back", messageId: id, requestId: `back_${this.takenBack.length}` });
  }

  private cut(loses: boolean): void {
    if (!this.isOpen) return;
    // What was sent may have arrived, or not, and nobody knows.
    if (!loses) while (this.up.length > 0) this.arrive();
    this.isOpen = false;
    this.up = [];
    this.down = [];
    this.apply(CUT);
  }

  private comeBack(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.tell([this.world.hello()]);
  }

  private reload(): void {
    this.cut(true);
    this.state = newChatState(SESSION_ID, readOutbox(this.storage, SESSION_ID));
  }

  private tell(frames: readonly LiveServerFrame[]): void {
    if (this.isOpen) this.down.push(...frames);
  }

  private arrive(): void {
    const next = this.up.shift();
    if (next !== undefined) this.tell(this.world.take(next));
  }

  private hear(): void {
    const next = this.down.shift();
    if (next !== undefined) this.apply(frame(next));
  }

  private apply(event: ChatEvent): void {
    const step = applyChatEvent(this.state, event);
    this.state = step.state;
    saveOutbox(this.storage, SESSION_ID, this.state.outbox);
    for (const effect of step.effects)
      if (effect.type === "send-frame" && this.isOpen) this.up.push(effect.frame);
  }
}

const questionsOf = (tab: Tab) =>
  tab.world.messages.filter(({ role }) => role === "user").map(({ id }) => id);
const deeds = (among: readonly Deed[]) => fc.array(fc.constantFrom(...among), { maxLength: 60 });

it("[WB54] [WB55] every question is stored once and in its order, none is refused, and nothing is left behind", () => {
  const all: Deed[] = [
    "ask",
    "ask",
    "cut",
    "come-back",
    "arrive",
    "arrive",
    "lose",
    "hear",
    "hear",
    "end",
    "reload",
  ];
  fc.assert(
    fc.property(deeds(all), (list) => {
      const tab = new Tab();
      list.forEach((deed) => tab.do(deed));
      tab.settle();
      expect(questionsOf(tab)).toEqual(tab.asked);
      expect(tab.world.refusals).toBe(0);
      expect(tab.state.outbox).toEqual([]);
      expect(tab.state.messages).toEqual(tab.world.messages);
    }),
    { numRuns: 400 },
  );
});

it("[WB56] [WB65] what was taken back is asked at most once, and the page shows what the server has", () => {
  const all: Deed[] = ["ask", "ask", "take-back", "cut", "come-back", "arrive", "lose", "hear", "end"];
  fc.assert(
    fc.property(deeds(all), (list) => {
      const tab = new Tab();
      list.forEach((deed) => tab.do(deed));
      tab.settle();
      const stored = questionsOf(tab);
      expect(new Set(stored).size).toBe(stored.length);
      const kept = tab.asked.filter((id) => !tab.takenBack.includes(id));
      expect(stored.filter((id) => kept.includes(id))).toEqual(kept);
      expect(tab.state.outbox).toEqual([]);
      const shown = toTranscriptRows(settle(tab.state, null)).map(({ key }) => key);
      expect(shown).toEqual(tab.world.messages.map(({ id }) => id));
    }),
    { numRuns: 400 },
  );
});
