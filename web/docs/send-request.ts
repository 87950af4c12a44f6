/** Sends a request that was tried out and reads its answer as it comes, up to a limit. */
import type { TryRequest } from "./try-request.ts";

/** More is not read by anybody, and drawing it would hold up the page. */
const MAX_SHOWN_CHARACTERS = 200_000;

export interface TryAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly mediaType: string;
  /** What has come so far; of a file that is no text, nothing. */
  readonly text: string;
  /** False while more may come. */
  readonly isOver: boolean;
  /** The limit was reached: the rest was not read. */
  readonly isCut: boolean;
  /** Until the headers, and until the end so far. */
  readonly firstMs: number;
  readonly durationMs: number;
}

const isText = (mediaType: string): boolean => /^text\/|json|^$/.test(mediaType);

/** Calls `onAnswer` each time there is more to show. Rejects when no answer came, or it broke off. */
export async function sendRequest(
  request: TryRequest,
  signal: AbortSignal,
  onAnswer: (answer: TryAnswer) => void,
): Promise<void> {
  const startedAtMs = performance.now();
  const sinceStart = (): number => Math.round(performance.now() - startedAtMs);
  const response = await fetch(request.path, {
    method: request.method,
    headers: { ...request.headers },
    body: request.body,
    credentials: request.withCookie ? "same-origin" : "omit",
    // What the server says now is what is wanted.
    cache: "no-store",
    signal,
  });
  const mediaType = response.headers.get("content-type")?.split(";")[0]?.trim() ?? "";
  let answer: TryAnswer = {
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers].toSorted(([one], [other]) => (one < other ? -1 : 1)),
    mediaType,
    text: "",
    isOver: false,
    isCut: false,
    firstMs: sinceStart(),
    durationMs: sinceStart(),
  };
  onAnswer(answer);
  if (response.body === null || !isText(mediaType)) {
    await response.body?.cancel();
    onAnswer({ ...answer, isOver: true });
    return;
  }
  const decoder = new TextDecoder();
  // Leaving the loop cancels the rest.
  for await (const piece of readPieces(response.body)) {
    const text = answer.text + decoder.decode(piece, { stream: true });
    const isCut = text.length > MAX_SHOWN_CHARACTERS;
    answer = { ...answer, text: text.slice(0, MAX_SHOWN_CHARACTERS), isCut, durationMs: sinceStart() };
    onAnswer(answer);
    if (isCut) break;
  }
  onAnswer({ ...answer, isOver: true, durationMs: sinceStart() });
}

/** Not every browser can go through a stream by itself. */
async function* readPieces(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
