/** A deploy over a command runner that only remembers. */
import { expect, test } from "vitest";
import { checkServer } from "../../../scripts/deploy/check-server.ts";
import type { DeployCommand, DeployFacts } from "../../../scripts/deploy/deploy-plan.ts";
import { formatCommand } from "../../../scripts/deploy/deploy-plan.ts";
import { runDeploy, showDeploy } from "../../../scripts/deploy/run-deploy.ts";

const STAGING: DeployFacts = {
  environment: "staging",
  publicUrl: "https://staging.chat.test",
  databaseId: "0c5bd7a2-8a0e-4d5b-9a4e-1f2a3b4c5d6e",
  commit: "abc123",
  version: "1.0.0+abc123",
  isClean: true,
  wasOnStaging: false,
  hasOrigin: false,
};
const PRODUCTION: DeployFacts = { ...STAGING, environment: "production", wasOnStaging: true };

function createRecorder(failing: (command: string) => boolean = () => false) {
  const ran: string[] = [];
  const printed: string[] = [];
  const tools = {
    run: (command: DeployCommand) => {
      const text = formatCommand(command);
      ran.push(text);
      return failing(text) ? Promise.reject(new Error("it broke")) : Promise.resolve();
    },
    print: (line: string) => void printed.push(line),
  };
  return { tools, ran, printed: () => printed.join("\n") };
}

test("[CM30] staging: check, build, migrate, deploy, smoke-test, then the tag", async () => {
  const { tools, ran, printed } = createRecorder();
  expect(await runDeploy(STAGING, tools)).toBe(true);
  expect(ran).toEqual([
    "npm run check",
    "npm run build",
    "npx wrangler d1 migrations apply DB --env staging --remote",
    "npx wrangler deploy --env staging --var VERSION:1.0.0+abc123",
    "node scripts/smoke-test.ts https://staging.chat.test staging",
    "git tag --force staging/abc123 abc123",
  ]);
  expect(printed()).toContain("staging now runs 1.0.0+abc123");
});

test("[CM30] the tag is shared when there is somewhere to share it; production leaves none", async () => {
  const shared = createRecorder();
  await runDeploy({ ...STAGING, hasOrigin: true }, shared.tools);
  expect(shared.ran.at(-1)).toBe("git push --force origin refs/tags/staging/abc123");
  const production = createRecorder();
  expect(await runDeploy(PRODUCTION, production.tools)).toBe(true);
  expect(production.ran.at(-1)).toBe("node scripts/smoke-test.ts https://staging.chat.test production");
});

test.each([
  ["check", 1],
  ["build", 2],
  ["migrations", 3],
  ["wrangler deploy", 4],
  ["smoke-test", 5],
])("[CM31] when %s fails nothing after it is tried", async (part, steps) => {
  const { tools, ran, printed } = createRecorder((command) => command.includes(part));
  expect(await runDeploy(STAGING, tools)).toBe(false);
  expect(ran).toHaveLength(steps);
  expect(printed()).toContain("it broke");
});

test.each<[string, DeployFacts, string]>([
  ["uncommitted changes", { ...STAGING, isClean: false }, "not committed"],
  [
    "a placeholder database",
    { ...STAGING, databaseId: "00000000-0000-0000-0000-000000000001" },
    "database id",
  ],
  ["a placeholder address", { ...STAGING, publicUrl: "https://staging.breakwater.example" }, "PUBLIC_URL"],
  ["a commit that staging never had", { ...PRODUCTION, wasOnStaging: false }, "never on staging"],
])("[CM32] %s: refused before anything is done", async (_case, facts, reason) => {
  const { tools, ran, printed } = createRecorder();
  expect(await runDeploy(facts, tools)).toBe(false);
  expect(ran).toEqual([]);
  expect(printed()).toContain(reason);
});

test("[CM33] a dry run shows commands and obstacles and runs only the proof", async () => {
  const { tools, ran, printed } = createRecorder();
  expect(await showDeploy({ ...PRODUCTION, wasOnStaging: false, isClean: false }, "out", tools)).toBe(true);
  expect(ran).toEqual(["npm run build", "npx wrangler deploy --env production --dry-run --outdir out"]);
  for (const part of ["npm run check", "--remote", "smoke-test.ts", "not committed", "never on staging"]) {
    expect(printed()).toContain(part);
  }
});

test("[CM33] a bundle that cannot be made fails the dry run", async () => {
  const { tools } = createRecorder((command) => command.includes("--dry-run"));
  expect(await showDeploy(STAGING, "out", tools)).toBe(false);
});

const HEALTHY: Record<string, () => Response> = {
  "/health": () => Response.json({ ok: true, environment: "staging" }),
  "/v1/router/health": () => Response.json({ ok: true, environment: "staging" }),
  "/v1/models": () => Response.json({ error: {} }, { status: 401 }),
  "/": () =>
    new Response('<script type="module" src="/assets/a.js"></script>', {
      headers: { "content-type": "text/html" },
    }),
  "/assets/a.js": () => new Response("", { headers: { "content-type": "text/javascript" } }),
};

function check(changes: Record<string, () => Response>): Promise<readonly string[]> {
  const routes = { ...HEALTHY, ...changes };
  return checkServer("https://x.test", "staging", (url) => {
    const answer = routes[new URL(url).pathname];
    return answer === undefined ? Promise.reject(new Error("refused")) : Promise.resolve(answer());
  });
}

test("[CM34] a healthy server has no findings", async () => {
  expect(await check({})).toEqual([]);
});

test.each<[string, Record<string, () => Response>, string]>([
  ["is ill", { "/health": () => Response.json({ ok: false }, { status: 503 }) }, "503"],
  [
    "answers with 200 and something else",
    { "/health": () => new Response("<html>") },
    "/health answered 200",
  ],
  [
    "is another environment",
    { "/health": () => Response.json({ ok: true, environment: "production" }) },
    "production",
  ],
  ["answers without a key", { "/v1/models": () => Response.json({ data: [] }) }, "instead of 401"],
  ["shows no page", { "/": () => new Response("no", { status: 404 }) }, "404"],
  [
    "has lost the page's script",
    { "/assets/a.js": () => new Response("no", { status: 404 }) },
    "a.js answered 404",
  ],
])("[CM34] a server that %s is found", async (_case, changes, part) => {
  expect((await check(changes)).join("\n")).toContain(part);
});

test("[CM34] a server that cannot be reached is a finding, not a crash", async () => {
  const findings = await checkServer("https://x.test", null, () => Promise.reject(new Error("no such host")));
  expect(findings).toHaveLength(4);
  expect(findings[0]).toContain("no such host");
});
