/** What `npm start` asks before it does any work, and how it shows its steps. */
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { isInstallCurrent } from "../../../scripts/bootstrap/install.mjs";
import { createProgress } from "../../../scripts/bootstrap/progress.mjs";
import { explainTakenPort, parseStartOptions } from "../../../scripts/bootstrap/start-options.mjs";

test("[CM1] the defaults, and every option in both spellings", () => {
  expect(parseStartOptions([])).toEqual({
    ok: true,
    value: { port: 8787, state: ".breakwater", sandbox: true },
  });
  expect(parseStartOptions(["--port", "9000", "--state=/x", "--no-sandbox"])).toEqual({
    ok: true,
    value: { port: 9000, state: "/x", sandbox: false },
  });
  expect(parseStartOptions(["--help"])).toEqual({ ok: true, value: "help" });
});

test.each([
  [["--prot", "1"], "--prot"],
  [["--port"], "--port"],
  [["--port", "0"], "1 to 65535"],
  [["--port", "70000"], "70000"],
  [["--port", "80x"], "80x"],
  [["--state", " "], "--state"],
  [["staging"], "staging"],
])("[CM1] %j is refused with a sentence about it", (parameters, part) => {
  expect(parseStartOptions(parameters)).toMatchObject({ ok: false, error: expect.stringContaining(part) });
});

test("[CM2] a taken port is one line with another one to take; a free port is none", async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const line = await explainTakenPort(port);
  expect(line).toContain(`Port ${port} is already in use`);
  expect(line).toContain(`npm start -- --port ${port + 1}`);
  expect(line).not.toContain("\n");
  await new Promise((resolve) => server.close(resolve));
  expect(await explainTakenPort(port)).toBeNull();
});

test("[CM3] what is locked and installed in the same version is current", () => {
  const locked = { "": {}, "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "2.0.0" } };
  const { "": _root, ...installed } = locked;
  expect(isInstallCurrent(locked, installed)).toBe(true);
  expect(isInstallCurrent(locked, {})).toBe(false);
  expect(isInstallCurrent(locked, { ...installed, "node_modules/b": { version: "2.0.1" } })).toBe(false);
});

test("[CM3] another platform's package may be absent, but not different", () => {
  const locked = { "node_modules/binary-darwin": { version: "1.0.0", optional: true } };
  expect(isInstallCurrent(locked, {})).toBe(true);
  expect(isInstallCurrent(locked, { "node_modules/binary-darwin": { version: "0.9.0" } })).toBe(false);
});

function record(isTTY: boolean) {
  let text = "";
  let nowMs = 0;
  const output = { isTTY, write: (part: string) => (text += part) };
  return { output, now: () => nowMs, pass: (ms: number) => (nowMs += ms), text: () => text };
}

test("[CM13] in a pipe a step is one line, printed when it is over, with its note and its time", async () => {
  const { output, now, pass, text } = record(false);
  const progress = createProgress(output, now);
  await progress.step("Pages", async () => {
    expect(text()).toBe("");
    pass(1500);
  });
  await progress.step("Database", () => Promise.resolve("nothing pending"));
  await expect(progress.step("Server", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(text()).toBe("  ✓ Pages  1.5 s\n  ✓ Database (nothing pending)\n  ✗ Server\n");
});

test("[CM13] on a terminal the running step is shown and then replaced, also when two run at once", async () => {
  const { output, now, text } = record(true);
  const progress = createProgress(output, now);
  let finish = () => {};
  const first = progress.step("First", () => new Promise<void>((resolve) => (finish = resolve)));
  await progress.step("Second", () => Promise.resolve());
  expect(text()).toMatch(/ {2}… First.*… Second.* {2}✓ Second\n {2}… First$/s);
  finish();
  await first;
  expect(text()).toMatch(/ {2}✓ First\n$/);
});
