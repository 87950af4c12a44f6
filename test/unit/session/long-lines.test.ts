/** Lines of a size that nobody types: what is read of them must not hold up the chats that share an isolate. */
import { describe, expect, it } from "vitest";
import { acceptFiles } from "../../../src/session/files/accept-files.ts";
import { toMarkdownExport } from "../../../src/session/views/export-chat.ts";
import { toTitle, UNTITLED } from "../../../src/session/title.ts";
import { timeCpu } from "../../fakes/cpu-time.ts";

/** A twenty-fifth of what a frame may have; a pattern that tries every place with every other takes seconds for it. */
const LONG = 40_000;
/** Many times what it takes. */
const MAX_MS = 1_000;

function toExport(text: string): string {
  const message = {
    id: "answer",
    role: "assistant" as const,
    parentId: null,
    parts: [{ type: "text", text }],
    metadata: null,
    createdAt: "2026-11-01T00:00:00.000Z",
  };
  return [...toMarkdownExport({ title: "A chat", exportedAt: "today" }, [[message]])].join("");
}

describe("a line of forty thousand signs", () => {
  it("[SE250] that begins like a file's address is refused at once", () => {
    const url = `data:${"a".repeat(LONG)}`;
    const file = { type: "file", mediaType: "text/plain", url };
    const { value, tookMs } = timeCpu(() => acceptFiles({ parts: [file] }, () => null));
    expect(value).toMatchObject({ ok: false });
    expect(tookMs).toBeLessThan(MAX_MS);
  });

  // A line separator ends a line for a pattern, and none of ours.
  it.each(["~", "`"])("[SE250] of %s gives a chat its name at once", (sign) => {
    const { value, tookMs } = timeCpu(() => toTitle(`${sign.repeat(LONG)}\u2028\nWhat is this?`));
    expect(value).toBe("What is this?");
    expect(tookMs).toBeLessThan(MAX_MS);
  });

  it.each(["~", "`"])("[SE250] of %s is exported at once", (sign) => {
    const fence = `${sign.repeat(LONG)}\u2028`;
    const { value, tookMs } = timeCpu(() => toExport(`${sign.repeat(3)}\n${fence}\n${fence}`));
    expect(value).toContain(fence);
    expect(tookMs).toBeLessThan(MAX_MS);
    expect(timeCpu(() => toExport(fence)).tookMs).toBeLessThan(MAX_MS);
  });

  it("[SE250] that says nothing leaves a chat without a name", () => {
    expect(toTitle(`${"~".repeat(LONG)}\u2028`)).toBe(UNTITLED);
  });
});
