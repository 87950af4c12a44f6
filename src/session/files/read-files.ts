/**
 * Reads the files of a prompt from where they are kept, which may be away for a moment: each is tried again a few times,
 * and none is waited for without end. Rules SE132, SE268.
 */
import type { Clock } from "../../base/clock.ts";
import type { FileRead } from "../context/context-files.ts";

/** How long each try waits. */
const TRY_AFTER_MS = [0, 300, 1_500] as const;
/** 5 MiB come within a second: whoever takes longer than this is away. */
const READ_WITHIN_MS = 10_000;

export interface ReadFilesDeps {
  readonly clock: Clock;
  /** The bytes at that address; null where there is no such file (any more). Rejects where it cannot be read. */
  readonly readFile: (file: FileRead) => Promise<Uint8Array | null>;
  readonly noteFailure: (error: unknown) => void;
}

type FileBytes = readonly [url: string, bytes: Uint8Array | null];

/** By their addresses, those that are gone left out; null where one of them cannot be read now, or after a stop. */
export async function readFiles(
  deps: ReadFilesDeps,
  files: readonly FileRead[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array> | null> {
  const read = await Promise.all(files.map((file) => readOne(deps, file, signal)));
  const bytes = new Map<string, Uint8Array>();
  for (const each of read) {
    if (each === null) return null;
    const [url, body] = each;
    if (body !== null) bytes.set(url, body);
  }
  return bytes;
}

async function readOne(deps: ReadFilesDeps, file: FileRead, signal: AbortSignal): Promise<FileBytes | null> {
  for (const waitMs of TRY_AFTER_MS) {
    if (waitMs > 0) await deps.clock.sleep(waitMs, signal);
    if (signal.aborted) return null;
    try {
      return [file.url, await readInTime(deps, file, signal)];
    } catch (error) {
      if (!signal.aborted) deps.noteFailure(error);
    }
  }
  return null;
}

/** A storage that never answers must not keep a turn, and a stop is not to wait for it. */
async function readInTime(
  { clock, readFile }: ReadFilesDeps,
  file: FileRead,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new Error(`a file was not read within ${READ_WITHIN_MS} ms`));
  const cancel = clock.startTimer(READ_WITHIN_MS, giveUp);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([readFile(file), promise]);
  } finally {
    cancel();
    signal.removeEventListener("abort", giveUp);
  }
}
