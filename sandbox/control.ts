/** The sandbox's control over HTTP: faults are set, shown and taken away, the journal is read and cleared. Rules PR83 and PR84. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { FAULT_NAMES, FaultBody } from "./fault.ts";
import type { FaultBoard } from "./fault.ts";
import { parseObject, readBody, sendJson } from "./http-message.ts";
import type { Journal } from "./journal.ts";
import { isProvider, SANDBOX_PROVIDERS } from "./provider-wire.ts";
import type { JsonObject } from "./provider-wire.ts";

export interface Board {
  readonly faults: FaultBoard;
  readonly journal: Journal;
}

function readState(board: Board, testId: string | null): JsonObject {
  const providers = Object.fromEntries(
    SANDBOX_PROVIDERS.map((provider) => [
      provider,
      { ...board.faults.read(provider, testId), requests: board.journal.countOf(provider) },
    ]),
  );
  return { faults: FAULT_NAMES, providers };
}

/** `/control` and `/control/{provider}`. */
export async function serveControl(
  board: Board,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  testId: string | null,
): Promise<void> {
  const method = request.method ?? "GET";
  if (path === "/control" && method === "GET") return sendJson(response, 200, readState(board, testId));
  if (path === "/control" && method === "DELETE") {
    board.faults.reset(testId);
    return sendJson(response, 200, readState(board, testId));
  }
  const provider = /^\/control\/([a-z-]+)$/.exec(path)?.[1] ?? "";
  if (!isProvider(provider))
    return sendJson(response, 404, { error: `providers: ${SANDBOX_PROVIDERS.join(", ")}` });
  if (method !== "PUT") return sendJson(response, 405, { error: "use PUT" });
  const parsed = FaultBody.safeParse(parseObject((await readBody(request)) ?? ""));
  if (!parsed.success) return sendJson(response, 400, { error: z.prettifyError(parsed.error) });
  board.faults.set(provider, testId, parsed.data);
  sendJson(response, 200, readState(board, testId));
}

/** `/journal`. */
export function serveJournal(
  board: Board,
  request: IncomingMessage,
  response: ServerResponse,
  testId: string | null,
): void {
  if (request.method === "DELETE") board.journal.clear(testId);
  else if (request.method !== "GET") return sendJson(response, 405, { error: "use GET or DELETE" });
  sendJson(response, 200, { requests: board.journal.read(testId) });
}
