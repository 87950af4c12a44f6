/** aimock behind the stand-ins: it speaks every wire to the letter, we say what the answer is. */
import { LLMock } from "@copilotkit/aimock";
import type { Answer } from "./answer.ts";
import { PIECE_CHARACTERS } from "./provider-wire.ts";

export interface Upstream {
  /** The whole well-formed response for a request on one of aimock's paths, with this answer in it. */
  respond(path: string, body: string, headers: Record<string, string>, answer: Answer): Promise<Response>;
  close(): Promise<void>;
}

function toFixture(answer: Answer) {
  const reasoning = answer.reasoning === "" ? {} : { reasoning: answer.reasoning };
  if (answer.toolCall !== null) {
    return { ...reasoning, toolCalls: [{ name: answer.toolCall.name, arguments: answer.toolCall.input }] };
  }
  return { ...reasoning, content: answer.text, finishReason: answer.finishReason };
}

export async function startUpstream(): Promise<Upstream> {
  // Answers wait here under a ticket for the moment aimock asks; the ticket travels as its context header.
  const waiting = new Map<string, Answer>();
  let tickets = 0;
  const mock = new LLMock({
    host: "127.0.0.1",
    port: 0,
    chunkSize: PIECE_CHARACTERS,
    logLevel: "silent",
    // Our own journal is the one that is read.
    journalMaxEntries: 1,
  });
  mock.on({ predicate: () => true }, (request) => {
    const answer = waiting.get(request._context ?? "");
    if (answer === undefined)
      return { error: { message: "no answer was prepared", type: "server_error" }, status: 500 };
    return toFixture(answer);
  });
  await mock.start();
  return {
    async respond(path, body, headers, answer) {
      tickets += 1;
      const ticket = `ticket-${tickets}`;
      waiting.set(ticket, answer);
      try {
        const response = await fetch(`${mock.url}${path}`, {
          method: "POST",
          headers: { ...headers, "content-type": "application/json", "x-aimock-context": ticket },
          body,
        });
        // Read here: by then the answer has been taken, and nothing is left waiting.
        return new Response(await response.text(), { status: response.status, headers: response.headers });
      } finally {
        waiting.delete(ticket);
      }
    },
    close: () => mock.stop(),
  };
}
