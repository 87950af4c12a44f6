/** The words of an event stream as clients read them (server-sent events, WHATWG HTML). */

/** A comment, for a stream that has nothing to say: no client sees it. */
export const KEEP_ALIVE = ": still here\n\n";

const encoder = new TextEncoder();

/** An event; with a name where the wire has names. */
export function toServerSentEvent(data: unknown, name: string | null = null): string {
  return `${name === null ? "" : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** As the encoder's own types have it: those of browsers and of Workers differ. */
export function toBytes(text: string): ReturnType<TextEncoder["encode"]> {
  return encoder.encode(text);
}
