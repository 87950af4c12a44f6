/** What operators are told to type: the program of docs/runbook.md that makes a message of a file, as it stands there. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { makeTemporaryFolder } from "../scripts/temporary-folder.ts";

async function runProgram(letter: string): Promise<unknown> {
  const text = await readFile(new URL("../../../docs/runbook.md", import.meta.url), "utf8");
  const program = /^node -e '([^']*)' > message\.json$/m.exec(text)?.[1] ?? "";
  const folder = await makeTemporaryFolder();
  await writeFile(join(folder, "letter.json"), letter);
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", program], { cwd: folder });
  return JSON.parse(stdout);
}

describe("a record that was given up", () => {
  it("[OP69] goes back as the queue was given it: a chat's as JSON, a bundle as a text", async () => {
    expect(await runProgram('{"record":{"id":"sel_1"},"sessionTitle":null}')).toEqual({
      body: { record: { id: "sel_1" }, sessionTitle: null },
      content_type: "json",
    });
    const bundle = '[{"id": "sel_1", "intent": "Ünique"}]';
    expect(await runProgram(bundle)).toEqual({ body: bundle, content_type: "text" });
  });
});
