/** Who opened an object's sockets, and who is asked whether they may still have them. What follows from it: src/auth/socket-standing.ts. */
import { z } from "zod";
import { ObjectPrincipal } from "../src/auth/principal.ts";
import { SocketStanding, toSocketRefusal, type SocketUse } from "../src/auth/socket-standing.ts";
import { openDatabase, type Database } from "../src/auth/store/database.ts";
import { describeError } from "../src/auth/store/describe-error.ts";
import { readStanding } from "../src/auth/store/standing-store.ts";
import type { Bindings } from "../src/env.ts";
import type { Wiring } from "../src/wiring.ts";

const NOBODY = { opener: null, vouchedAtMs: 0 };

/** PERSISTED with each socket, beside what its object attaches. One without it is from before, and is to come back. */
const Attachment = z.object({ opener: ObjectPrincipal.nullable(), vouchedAtMs: z.number() });

export class VouchForSockets {
  private readonly env: Bindings;
  private readonly wiring: Pick<Wiring, "clock" | "log">;
  private readonly use: SocketUse;
  private database: Database | null = null;

  constructor(env: Bindings, wiring: Pick<Wiring, "clock" | "log">, use: SocketUse) {
    this.env = env;
    this.wiring = wiring;
    this.use = use;
  }

  /** The Worker has just made sure of who opens it. */
  note(socket: WebSocket, opener: ObjectPrincipal | null): void {
    this.attach(socket, { opener, vouchedAtMs: this.wiring.clock.nowMs() });
  }

  /** Once for each life of the object. */
  open(socket: WebSocket): SocketStanding {
    const { clock, log } = this.wiring;
    const attachment = Attachment.safeParse(socket.deserializeAttachment());
    const { opener, vouchedAtMs } = attachment.success ? attachment.data : NOBODY;
    return new SocketStanding(
      {
        clock,
        ask: async () => {
          const standing = opener === null ? "unknown" : await this.read(opener);
          return toSocketRefusal(standing, this.use);
        },
        noteFault: (error) =>
          log.write("warn", "background_failed", { task: "vouch-for-socket", error: describeError(error) }),
        // A socket that is going away is caught up when its client comes back.
        send: (text) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(text);
        },
        close: ({ code, reason }) => socket.close(code, reason),
        save: (atMs) => this.attach(socket, { vouchedAtMs: atMs }),
      },
      vouchedAtMs,
    );
  }

  private read(opener: ObjectPrincipal): ReturnType<typeof readStanding> {
    this.database ??= openDatabase(this.env.DB);
    return readStanding(this.database, opener, this.wiring.clock.nowMs());
  }

  private attach(socket: WebSocket, change: Partial<z.infer<typeof Attachment>>): void {
    const attached = z.looseObject({}).safeParse(socket.deserializeAttachment());
    socket.serializeAttachment({ ...attached.data, ...change });
  }
}
