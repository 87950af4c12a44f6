/** The files beside a question that is being typed: chosen, looked at, sent one by one, or put away again. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { toErrorText } from "../../api.ts";
import type { PendingFile } from "../../session/pending-send.ts";
import { useToaster } from "../../ui/toast.tsx";
import { fitFiles, isPicture, looksLikeText, toFileProblem, toMediaType } from "./attachment.ts";
import { takeHandedFiles } from "./handed-files.ts";
import { uploadFile } from "./upload-file.ts";

/** As much of an unknown file as tells whether it is text. */
const SNIFFED_BYTES = 65_536;

export interface Attachment {
  readonly id: string;
  /** Null for one that came back with a question that was taken back: it has been sent. */
  readonly file: File | null;
  readonly name: string;
  readonly mediaType: string;
  /** Where the picture is; empty for texts. */
  readonly previewUrl: string;
  /** `held` until there is a chat that it can be sent to. */
  readonly state: "held" | "uploading" | "done" | "failed";
  /** From 0 to 1. */
  readonly progress: number;
  /** Why it failed. */
  readonly errorText: string;
  /** As a message refers to it, once it has arrived. */
  readonly sent: PendingFile | null;
}

export interface Attachments {
  readonly list: readonly Attachment[];
  readonly add: (files: readonly File[]) => void;
  /** Puts those back that have been sent: their question was taken back. */
  readonly restore: (files: readonly PendingFile[]) => void;
  readonly remove: (id: string) => void;
  readonly retry: (id: string) => void;
  /** Puts all away: the question was sent. */
  readonly clear: () => void;
  /**
   * Sends these to a chat that has just been made; rejects with the first that did not arrive. What is removed
   * meanwhile is left out.
   */
  readonly sendHeld: (sessionId: string, chosen: readonly Attachment[]) => Promise<readonly PendingFile[]>;
  /** What is held at this moment: behind `sendHeld`, what was added since. */
  readonly readHeld: () => readonly File[];
}

async function readType(file: File): Promise<string | null> {
  const known = toMediaType(file.name, file.type);
  if (known !== null || file.size === 0) return known;
  try {
    const start = new Uint8Array(await file.slice(0, SNIFFED_BYTES).arrayBuffer());
    return looksLikeText(start) ? "text/plain" : null;
  } catch {
    // A folder, or a file that is gone: the others that came with it are none the worse.
    return null;
  }
}

function toAttachment(file: File, mediaType: string): Attachment {
  return {
    id: crypto.randomUUID(),
    file,
    name: file.name,
    mediaType,
    previewUrl: isPicture(mediaType) ? URL.createObjectURL(file) : "",
    state: "held",
    progress: 0,
    errorText: "",
    sent: null,
  };
}

function toRestored(sent: PendingFile): Attachment {
  const { mediaType, filename: name, url } = sent;
  return {
    id: crypto.randomUUID(),
    file: null,
    name,
    mediaType,
    previewUrl: isPicture(mediaType) ? url : "",
    state: "done",
    progress: 1,
    errorText: "",
    sent,
  };
}

/** The list as state, and as it is at this moment for what goes on in the background. */
function useList() {
  const [list, setList] = useState<readonly Attachment[]>([]);
  const current = useRef(list);
  const update = useCallback((change: (list: readonly Attachment[]) => readonly Attachment[]) => {
    current.current = change(current.current);
    setList(current.current);
  }, []);
  const patch = useCallback(
    (id: string, change: Partial<Attachment>) =>
      update((all) => all.map((one) => (one.id === id ? { ...one, ...change } : one))),
    [update],
  );
  return { list, current, update, patch };
}

/** `sessionId` is empty while there is no chat to send them to. */
export function useAttachments(sessionId: string): Attachments {
  const { list, current, update, patch } = useList();
  const { complain } = useToaster();
  const aborts = useRef(new Map<string, AbortController>());

  const send = useCallback(
    async ({ id, file, mediaType, sent: arrived }: Attachment, target: string): Promise<PendingFile> => {
      if (arrived !== null) return arrived;
      if (file === null) throw new Error("an attachment has neither its bytes nor an address");
      const abort = new AbortController();
      aborts.current.set(id, abort);
      patch(id, { state: "uploading", progress: 0, errorText: "" });
      const onProgress = (progress: number): void => patch(id, { progress });
      try {
        const sent = await uploadFile({
          sessionId: target,
          file,
          mediaType,
          onProgress,
          signal: abort.signal,
        });
        patch(id, { state: "done", sent });
        return sent;
      } catch (error) {
        patch(id, { state: "failed", errorText: toErrorText(error) });
        throw error;
      } finally {
        aborts.current.delete(id);
      }
    },
    [patch],
  );
  /** For one that tells of its failure itself. */
  const start = useCallback(
    (attachment: Attachment) => void send(attachment, sessionId).catch(() => undefined),
    [send, sessionId],
  );

  const add = useCallback(
    async (files: readonly File[]) => {
      const typed = await Promise.all(files.map(async (file) => ({ file, mediaType: await readType(file) })));
      const good = typed.flatMap(({ file, mediaType }) => {
        const why = toFileProblem({ name: file.name, bytes: file.size, mediaType });
        if (why !== null) complain(why);
        return why !== null || mediaType === null ? [] : [{ file, mediaType }];
      });
      // Counted now, not before the reading: others may have been added meanwhile.
      const { taken, problem } = fitFiles(current.current.length, good.length);
      if (problem !== "") complain(problem);
      for (const { file, mediaType } of good.slice(0, taken)) {
        const attachment = toAttachment(file, mediaType);
        update((all) => [...all, attachment]);
        if (sessionId !== "") start(attachment);
      }
    },
    [complain, current, sessionId, start, update],
  );

  const forget = useCallback((one: Attachment) => {
    aborts.current.get(one.id)?.abort();
    if (one.previewUrl.startsWith("blob:")) URL.revokeObjectURL(one.previewUrl);
  }, []);
  const clear = useCallback(() => {
    current.current.forEach(forget);
    update(() => []);
  }, [current, forget, update]);
  useEffect(() => () => current.current.forEach(forget), [current, forget]);
  useEffect(() => void add(takeHandedFiles(sessionId)), [add, sessionId]);

  const doings = useMemo<Omit<Attachments, "list">>(
    () => ({
      add: (files) => void add(files),
      restore: (files) => update((all) => [...all, ...files.map(toRestored)]),
      remove(id) {
        current.current.filter((one) => one.id === id).forEach(forget);
        update((all) => all.filter((one) => one.id !== id));
      },
      retry(id) {
        const failed = current.current.find((one) => one.id === id);
        if (failed === undefined) return;
        if (sessionId === "") patch(id, { state: "held" });
        else start(failed);
      },
      clear,
      async sendHeld(target, chosen) {
        const isWanted = ({ id }: Attachment): boolean => current.current.some((one) => one.id === id);
        const sent = await Promise.all(
          chosen.map(async (one) => {
            try {
              const file = await send(one, target);
              return { one, file };
            } catch (error) {
              // Removing it broke its upload off.
              if (isWanted(one)) throw error;
              return null;
            }
          }),
        );
        return sent.flatMap((known) => (known !== null && isWanted(known.one) ? [known.file] : []));
      },
      readHeld: () =>
        current.current.flatMap(({ state, file }) => (state === "held" && file !== null ? [file] : [])),
    }),
    [add, clear, current, forget, patch, send, sessionId, start, update],
  );
  return useMemo(() => ({ list, ...doings }), [list, doings]);
}
