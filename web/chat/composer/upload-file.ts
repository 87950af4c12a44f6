/** Sends one file to a chat and tells how far it has come, which `fetch` cannot. */
import { ApiError, AttachmentAnswer, readBody, toApiError, toAttachmentPath } from "../../api.ts";
import type { PendingFile } from "../../session/pending-send.ts";

/** Five megabytes over a slow phone line. */
const UPLOAD_TIMEOUT_MS = 180_000;

interface Upload {
  readonly sessionId: string;
  readonly file: File;
  readonly mediaType: string;
  /** From 0 to 1. */
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

function toUnreachable(): ApiError {
  const text = navigator.onLine ? "The upload broke off." : "You are offline.";
  return new ApiError(0, "unreachable", text, null);
}

/** Resolves to the file as a message refers to it; rejects with an `ApiError`, or when the signal says so. */
export function uploadFile({ sessionId, file, mediaType, onProgress, signal }: Upload): Promise<PendingFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", toAttachmentPath(sessionId, file.name));
    request.timeout = UPLOAD_TIMEOUT_MS;
    request.setRequestHeader("content-type", mediaType);
    request.upload.addEventListener("progress", ({ loaded, total }) =>
      onProgress(total === 0 ? 0 : loaded / total),
    );
    for (const name of ["error", "timeout", "abort"]) {
      request.addEventListener(name, () => reject(toUnreachable()));
    }
    request.addEventListener("load", () => {
      const body = readBody(request.responseText);
      const answer = AttachmentAnswer.safeParse(body);
      if (request.status === 201 && answer.success) {
        const { name, url } = answer.data;
        resolve({ mediaType: answer.data.mediaType, filename: name, url });
      } else {
        reject(toApiError(request.status, body, request.getResponseHeader("x-request-id")));
      }
    });
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
