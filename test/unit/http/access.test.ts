/** The access table against the application's routes, and every kind of caller against the table. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ACCESS_RULES } from "../../../src/auth/access.ts";
import type { Access, AccessRule } from "../../../src/auth/access.ts";
import { createApp } from "../../../src/http/app.ts";
import { addChat, createFakeWorld, LISTED_ORIGIN, OWN_ORIGIN } from "./fake-services.ts";

const routeOf = ({ method, path }: { method: string; path: string }): string => `${method} ${path}`;

/** A request to a rule's address, with nothing that would make a handler refuse it earlier than access does. */
function toRequest(rule: AccessRule, headers: Record<string, string>, query = ""): Request {
  const path = rule.path
    .replace(":sessionId", `chat_${"0".repeat(26)}`)
    .replace(":token", `chat_${"0".repeat(26)}.${"5".repeat(64)}`)
    .replace(":attachmentId", `file_${"0".repeat(26)}`)
    .replace(":selectionId", `sel_${"0".repeat(26)}`)
    .replace(":action", "reset")
    .replace(":provider", "openai")
    .replace(":model{.+}", "openai/gpt-6-luna")
    .replace(":keyId", "key_1");
  return new Request(`${OWN_ORIGIN}${path}${query}`, { method: rule.method, headers });
}

async function statusOf(rule: AccessRule, headers: Record<string, string>, query?: string): Promise<number> {
  const world = createFakeWorld();
  // The chat of every address above, with the link of the public one.
  const id = addChat(world);
  world.state.secrets.set(id, "5".repeat(64));
  return (await createApp(world.services).request(toRequest(rule, headers, query))).status;
}

const rulesOf = (...kinds: Access[]): AccessRule[] =>
  ACCESS_RULES.filter((rule) => kinds.includes(rule.access));
const KNOWN: Access[] = ["anyone-known", "person", "admin", "known-or-ticket"];

describe("the table", () => {
  it("[AU16] has every route of the application, and no other", () => {
    const app = createApp(createFakeWorld().services);
    const routes = app.routes.filter((route) => route.method !== "ALL").map(routeOf);
    expect([...new Set(routes)].toSorted()).toEqual(ACCESS_RULES.map(routeOf).toSorted());
  });

  it("[AU16] is the one that docs/spec/auth.md shows", async () => {
    const text = await readFile(new URL("../../../docs/spec/auth.md", import.meta.url), "utf8");
    const shown = [...text.matchAll(/^\| `([A-Z]+) (\S+)` *\| ([a-z-]+) *\|$/gm)].map(
      ([, method, path, access]) => `${method} ${path} ${access}`,
    );
    const kept = ACCESS_RULES.map((rule) =>
      `${routeOf(rule)} ${rule.access}`.replace(/:(\w+)(?:\{\.\+\})?/g, "{$1}"),
    );
    expect(shown.toSorted()).toEqual(kept.toSorted());
  });

  it("[AU16] denies a route that is in the application but not in the table", async () => {
    const { services } = createFakeWorld();
    const app = createApp(services);
    app.get("/api/v1/forgotten", (context) => context.text("open"));
    expect((await app.request(`${OWN_ORIGIN}/api/v1/forgotten`)).status).toBe(404);
  });
});

describe("callers", () => {
  it("[AU17] strangers get 401 wherever the table does not say public", async () => {
    for (const rule of rulesOf(...KNOWN)) {
      expect([routeOf(rule), await statusOf(rule, {})]).toEqual([routeOf(rule), 401]);
      expect([routeOf(rule), await statusOf(rule, { authorization: "Bearer wrong" })]).toEqual([
        routeOf(rule),
        401,
      ]);
    }
    for (const rule of rulesOf("public")) expect([200]).toContain(await statusOf(rule, {}));
  });

  it("[AU17] members get 403 where an admin is asked for, programs always", async () => {
    for (const rule of rulesOf("admin")) {
      expect(await statusOf(rule, { cookie: "who=alice", origin: OWN_ORIGIN })).toBe(403);
      expect(await statusOf(rule, { authorization: "Bearer program" })).toBe(403);
      expect(await statusOf(rule, { cookie: "who=admin", origin: OWN_ORIGIN })).not.toBe(403);
    }
  });

  it("[AU17] programs get 403 where a person is asked for", async () => {
    for (const rule of rulesOf("person")) {
      expect(await statusOf(rule, { authorization: "Bearer program" })).toBe(403);
      expect(await statusOf(rule, { cookie: "who=alice", origin: OWN_ORIGIN })).not.toBe(403);
    }
  });

  it("[AU17] logs who was turned away and why", async () => {
    const { services, linesOf } = createFakeWorld();
    await createApp(services).request(`${OWN_ORIGIN}/api/v1/me`, { headers: { "x-request-id": "r1" } });
    expect(linesOf("auth_failed")).toEqual([
      { request_id: "r1", path: "/api/v1/me", reason: "no-credentials" },
    ]);
  });

  it("[AU18] a page of another site changes nothing with a visitor's cookie", async () => {
    const changing = ACCESS_RULES.filter((rule) => rule.method !== "GET");
    for (const rule of changing) {
      for (const origin of [undefined, "null", "https://evil.example", `${OWN_ORIGIN}.evil.example`]) {
        const headers = { cookie: "who=admin", ...(origin === undefined ? {} : { origin }) };
        expect([routeOf(rule), origin, await statusOf(rule, headers)]).toEqual([routeOf(rule), origin, 403]);
      }
      for (const origin of [OWN_ORIGIN, LISTED_ORIGIN]) {
        expect(await statusOf(rule, { cookie: "who=admin", origin })).not.toBe(403);
      }
    }
  });

  it("[AU18] a key needs no origin, since no browser adds it by itself", async () => {
    for (const rule of rulesOf("anyone-known")) {
      const status = await statusOf(rule, {
        authorization: "Bearer program",
        origin: "https://evil.example",
      });
      expect(status).not.toBe(403);
    }
  });
});
