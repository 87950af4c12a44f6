/** The checks that keep the order of folders and the cores clean do find what they are there to find. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";
import { explainForbiddenImport, findViolations } from "../../../scripts/check-architecture.ts";
import { ROOT } from "./tracked-files.ts";

test.each([
  ["a value", 'import { plan } from "../routing/plan.ts";'],
  ["a type", 'import type { Plan } from "../routing/plan.ts";'],
  ["a re-export", 'export { plan } from "../routing/plan.ts";'],
  ["a re-export of everything", 'export * from "../routing/plan.ts";'],
  ["an import inside the code", 'export const load = () => import("../routing/plan.ts");'],
  ["a type inside the code", 'export type Plan = import("../routing/plan.ts").Plan;'],
])("[RP4] an import to the right is found as %s", (_form, source) => {
  const found = findViolations("src/circuit/x.ts", `// first line\n${source}\n`);
  expect(found).toMatchObject([
    { path: "src/circuit/x.ts", line: 2, text: expect.stringContaining("right of circuit") },
  ]);
  expect(findViolations("src/session/x.ts", source)).toEqual([]);
});

test.each([
  ["src/base/x.ts", "../protocol/answer.ts"],
  ["src/protocol/x.ts", "../env.ts"],
  ["src/circuit/x.ts", "hono"],
  ["src/circuit/x.ts", "drizzle-orm/d1"],
  ["src/circuit/x.ts", "cloudflare:workers"],
  ["src/circuit/x.ts", "../../durable-objects/provider-health.ts"],
  ["src/session/turn.ts", "../../schema/chat-session.ts"],
  ["web/chat/x.tsx", "../../src/session/turn.ts"],
  ["schema/d1/x.ts", "../../src/base/id.ts"],
  ["schema/d1/x.ts", "zod"],
  ["durable-objects/x.ts", "../src/http/app.ts"],
  ["durable-objects/x.ts", "../src/worker.ts"],
  ["src/newcomer/x.ts", "../base/id.ts"],
])("[RP4] %s may not import %s", (path, specifier) => {
  expect(explainForbiddenImport(path, specifier)).not.toBeNull();
});

test.each([
  ["src/circuit/x.ts", "./policy.ts"],
  ["src/circuit/x.ts", "zod"],
  ["src/http/x.ts", "hono/cors"],
  ["src/session/store.ts", "drizzle-orm/durable-sqlite"],
  ["src/session/store.ts", "../../schema/chat-session.ts"],
  ["src/circuit/client.ts", "cloudflare:workers"],
  ["src/worker.ts", "./http/app.ts"],
  ["web/chat/x.tsx", "../../src/protocol/answer.ts"],
  ["durable-objects/x.ts", "../src/session/turn.ts"],
  ["durable-objects/x.ts", "../src/env.ts"],
])("[RP4] %s may import %s", (path, specifier) => {
  expect(explainForbiddenImport(path, specifier)).toBeNull();
});

const Lint = z.object({ diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })) });

/** Lints one line as if it stood in this file of the repository. */
async function lint(path: string, source: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "breakwater-lint-"));
  try {
    await cp(join(ROOT, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), source);
    const oxlint = join(ROOT, "node_modules", "oxlint", "bin", "oxlint");
    const run = promisify(execFile)(process.execPath, [oxlint, "--format=json", "--threads=1"], {
      cwd: folder,
    });
    // It exits with 1 when it finds something, and says what on the same stream.
    const { stdout } = await run.catch((error: unknown) => z.object({ stdout: z.string() }).parse(error));
    return Lint.parse(JSON.parse(stdout)).diagnostics.map((each) => each.code);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const EFFECTS = `
export const a = () => fetch("http://x.example/");
export const b = () => Date.now();
export const c = () => Math.random();
export const d = () => setTimeout(() => undefined, 1);
export const e = () => crypto.randomUUID();
export const f = () => console.log("x");
`;

test("[RP5] a core's ambient effects are found", async () => {
  const codes = await lint("src/circuit/x.ts", EFFECTS);
  expect(codes.toSorted()).toEqual([
    "eslint(no-console)",
    "eslint(no-restricted-globals)",
    "eslint(no-restricted-globals)",
    "eslint(no-restricted-globals)",
    "eslint(no-restricted-properties)",
    "eslint(no-restricted-properties)",
  ]);
});

test("[RP5] what is handed in may have the same name, and clients may touch the world", async () => {
  const handedIn = 'export const a = (fetch: (url: string) => string) => fetch("x");\n';
  expect(await lint("src/circuit/x.ts", handedIn)).toEqual([]);
  expect(
    await lint("src/providers/client/x.ts", 'export const a = () => fetch("http://x.example/");\n'),
  ).toEqual([]);
});

test("[RP5] the present as a date is found in a core, a given time is not", () => {
  expect(findViolations("src/circuit/x.ts", "export const a = () => new Date();")).toHaveLength(1);
  expect(findViolations("src/circuit/x.ts", "export const a = (ms: number) => new Date(ms);")).toEqual([]);
});
