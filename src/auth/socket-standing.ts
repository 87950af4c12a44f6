/**
 * Whether the one who opened a socket may still have it. An upgrade is judged once, a socket lives for days: so its
 * opener is asked about again (`ask`, one read of D1) when the socket acts or is to be told something, and never
 * otherwise, so that one on which nothing happens may sleep. Within half a minute of the last word nobody is asked or
 * waits; what is to be said behind that waits for the word. Pure but for its own fields. Rules AU30 to AU35.
 */
import type { Clock } from "../base/clock.ts";

/** As long as an isolate believes a key it has looked up (AU10). */
const VOUCHED_FOR_MS = 30_000;
/** Sooner, and nobody waits for it: while words flow the next word is here before it is needed. */
const ASK_AFTER_MS = 20_000;
/** While nobody can say: an outage ends no conversation, and opens none for longer than this. */
const TRUSTED_FOR_MS = 15 * 60_000;
const ASK_AGAIN_MS = 10_000;
const ANSWER_WITHIN_MS = 3_000;

const CLOSE_UNAUTHENTICATED = 4401;
const CLOSE_FORBIDDEN = 4403;
const CLOSE_NOT_FOUND = 4404;
/** The registered codes for "the service restarts" and "try again later": clients come back by themselves. */
const CLOSE_COME_BACK = 1012;
const CLOSE_TRY_AGAIN = 1013;

/**
 * `unknown`: the socket does not say who opened it. `gone`: signed out, expired, revoked. `outsider`: not in the
 * organization any more.
 */
export type Standing = "unknown" | "gone" | "outsider" | "member" | "admin";

/** What a socket is for: a chat of the opener's organization, or the admins' console. */
export type SocketUse = "chat" | "console";

export interface SocketRefusal {
  readonly code: number;
  readonly reason: string;
}

/** Why a socket is to be closed; null when it may stay. */
export function toSocketRefusal(standing: Standing, use: SocketUse): SocketRefusal | null {
  switch (standing) {
    case "unknown":
      return { code: CLOSE_COME_BACK, reason: "Come back." };
    case "gone":
      return { code: CLOSE_UNAUTHENTICATED, reason: "Sign in, or use a valid API key." };
    case "outsider":
    case "member":
      if (use === "console") return { code: CLOSE_FORBIDDEN, reason: "This is for admins." };
      return standing === "member" ? null : { code: CLOSE_NOT_FOUND, reason: "There is no such chat." };
    case "admin":
      return null;
  }
}

export interface StandingHost {
  readonly clock: Clock;
  /** Why the opener may not have it any more, or null; rejects where nobody can say. */
  readonly ask: () => Promise<SocketRefusal | null>;
  /** Why nobody can say. */
  readonly noteFault: (error: unknown) => void;
  readonly send: (text: string) => void;
  readonly close: (refusal: SocketRefusal) => void;
  /** Keeps the time with the socket, for an object that wakes up. */
  readonly save: (vouchedAtMs: number) => void;
}

export class SocketStanding {
  private readonly host: StandingHost;
  private vouchedAtMs: number;
  /** Until then nobody waits for a word. */
  private freeUntilMs: number;
  private askAgainAtMs = 0;
  private asking: Promise<boolean> | null = null;
  private held: string[] = [];
  private isOver = false;

  constructor(host: StandingHost, vouchedAtMs: number) {
    this.host = host;
    this.vouchedAtMs = vouchedAtMs;
    this.freeUntilMs = vouchedAtMs + VOUCHED_FOR_MS;
  }

  /** Whether what came over the socket may be done; a promise where that must be asked first. */
  mayAct(): boolean | Promise<boolean> {
    if (this.isOver) return false;
    const nowMs = this.host.clock.nowMs();
    const isDue = nowMs - this.vouchedAtMs > ASK_AFTER_MS && nowMs >= this.askAgainAtMs;
    if (isDue) this.asking ??= this.ask(nowMs);
    return this.asking === null || nowMs <= this.freeUntilMs ? true : this.asking;
  }

  /** Sends it now, or, in its order, when the opener is vouched for. */
  send(text: string): void {
    if (this.isOver) return;
    if (this.mayAct() === true) this.host.send(text);
    else this.held.push(text);
  }

  private async ask(nowMs: number): Promise<boolean> {
    const refusal = await this.readRefusal(nowMs);
    this.asking = null;
    if (refusal !== null) {
      this.isOver = true;
      this.held = [];
      this.host.close(refusal);
      return false;
    }
    for (const text of this.held.splice(0)) this.host.send(text);
    return true;
  }

  private async readRefusal(nowMs: number): Promise<SocketRefusal | null> {
    const { clock, noteFault, save } = this.host;
    const answered = new AbortController();
    try {
      const late = clock.sleep(ANSWER_WITHIN_MS, answered.signal).then((): never => {
        throw new Error(`no answer within ${ANSWER_WITHIN_MS} ms`);
      });
      const refusal = await Promise.race([this.host.ask(), late]);
      if (refusal !== null) return refusal;
      this.vouchedAtMs = nowMs;
      this.freeUntilMs = nowMs + VOUCHED_FOR_MS;
      save(nowMs);
      return null;
    } catch (error) {
      noteFault(error);
      this.askAgainAtMs = clock.nowMs() + ASK_AGAIN_MS;
      this.freeUntilMs = this.vouchedAtMs + TRUSTED_FOR_MS;
      if (nowMs <= this.freeUntilMs) return null;
      return { code: CLOSE_TRY_AGAIN, reason: "Nobody can say who opened this connection. Come back." };
    } finally {
      answered.abort();
    }
  }
}
