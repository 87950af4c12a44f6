/** What enters and leaves a chat: attachments, exports, read-only links. */
import {
  IMAGE_TYPES,
  SessionAttachment,
  SessionExport,
  SessionExportQuery,
  SessionShare,
  SessionShareState,
  SharedChat,
} from "../../../protocol/session-api.ts";
import { AttachmentQuery } from "../../routes/session-files.ts";
import { SharedQuery } from "../../routes/shared.ts";
import { ASKED_AT, MESSAGES, SESSION, SESSION_ID, SHARE_TOKEN } from "../examples.ts";
import { toJsonAnswer, type MediaDoc, type OperationDoc } from "../operation.ts";

const PATH = "/api/v1/sessions/:sessionId";
const tag = "Files and links";

const PICTURES: Readonly<Record<string, MediaDoc>> = Object.fromEntries(
  IMAGE_TYPES.map((type) => [type, { format: "binary" as const }]),
);
const EXPORTED = {
  version: 1,
  id: SESSION_ID,
  title: SESSION.title,
  createdAt: ASKED_AT,
  exportedAt: ASKED_AT,
  leafMessageId: "msg_2",
  messages: MESSAGES,
};

const FILE_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "GET",
    path: `${PATH}/export`,
    id: "exportSession",
    tag,
    summary: "The whole chat as a file",
    query: SessionExportQuery,
    answers: {
      200: {
        description: "The file.",
        content: {
          "application/json": {
            shape: SessionExport,
            examples: { example: { summary: "format=json", value: EXPORTED } },
          },
          "text/markdown": { format: "text" },
        },
        headers: ["content-disposition"],
      },
    },
  },
  {
    method: "POST",
    path: `${PATH}/attachments`,
    id: "attachFile",
    tag,
    summary: "Attach a picture or a text",
    description:
      'The body is the file, its type stands in `content-type`; 5 MiB at most. A message refers to it with the part `{type: "file", mediaType, filename, url}`.',
    query: AttachmentQuery,
    body: {
      required: true,
      description: "A picture (PNG, JPEG, WebP, GIF) or a text of any `text/*` type.",
      content: { ...PICTURES, "text/*": { format: "text" } },
    },
    answers: {
      201: toJsonAnswer("The file is attached.", SessionAttachment, {
        id: "file_01k9z7w0h8a4xv3n5c2b6d8e0f",
        name: "chart.png",
        mediaType: "image/png",
        bytes: 20_480,
        url: `/api/v1/sessions/${SESSION_ID}/attachments/file_01k9z7w0h8a4xv3n5c2b6d8e0f`,
      }),
    },
    refusals: [409, 503],
  },
  {
    method: "GET",
    path: `${PATH}/attachments/:attachmentId`,
    id: "readAttachment",
    tag,
    summary: "An attached file",
    answers: {
      200: {
        description: "The file, as a picture or as plain text, never as a page.",
        content: { ...PICTURES, "text/plain": { format: "text" } },
        headers: ["content-disposition", "cache-control"],
      },
    },
    refusals: [503],
  },
];

const SHARE_OPERATIONS: readonly OperationDoc[] = [
  {
    method: "GET",
    path: `${PATH}/share`,
    id: "readShare",
    tag,
    summary: "Whether the chat has a read-only link",
    answers: {
      200: toJsonAnswer("The link's state, without the link.", SessionShareState, {
        isShared: true,
        createdAt: ASKED_AT,
      }),
    },
  },
  {
    method: "POST",
    path: `${PATH}/share`,
    id: "createShare",
    tag,
    summary: "Make a read-only link",
    description: "An earlier one stops working. The link is shown this once.",
    answers: {
      201: toJsonAnswer("The link.", SessionShare, {
        token: SHARE_TOKEN,
        url: `https://breakwater.example/shared/${SHARE_TOKEN}`,
      }),
    },
  },
  {
    method: "DELETE",
    path: `${PATH}/share`,
    id: "revokeShare",
    tag,
    summary: "Revoke the read-only link",
    answers: { 204: { description: "The link works no longer." } },
  },
  {
    method: "GET",
    path: "/api/v1/shared/:token",
    id: "readShared",
    tag,
    summary: "What a read-only link shows",
    description: "For whoever has the link, without signing in; receipts come without prices and reasons.",
    query: SharedQuery,
    answers: {
      200: toJsonAnswer("A page of the shared chat.", SharedChat, {
        title: SESSION.title,
        messages: MESSAGES.slice(0, 1),
        hasOlder: false,
      }),
    },
  },
];

export const SESSION_FILE_OPERATIONS: readonly OperationDoc[] = [...FILE_OPERATIONS, ...SHARE_OPERATIONS];
