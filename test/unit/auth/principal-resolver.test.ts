/** Who a key speaks for, over stores that a test holds back. */
import { describe, expect, it } from "vitest";
import { newApiKey } from "../../../src/auth/api-key.ts";
import { createPrincipalResolver } from "../../../src/auth/client/principal-resolver.ts";
import { OrganizationIdText, UserIdText } from "../../../src/auth/principal.ts";
import type { FoundApiKey } from "../../../src/auth/store/api-key-store.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";

const unused = (): never => {
  throw new Error("keys alone are asked for here");
};

describe("keys", () => {
  it("[AU21] that are revoked while they are looked up are not remembered", async () => {
    const found: FoundApiKey = {
      principal: {
        kind: "api-key",
        keyId: "key_1",
        userId: UserIdText.parse("user_1"),
        organizationId: OrganizationIdText.parse("org_1"),
        role: "member",
      },
      lastUsedAtMs: 0,
    };
    const lookUps: ((found: FoundApiKey | null) => void)[] = [];
    const resolver = createPrincipalResolver({
      openAuth: unused,
      accounts: {
        readOrganizationOfUser: unused,
        readOrganization: unused,
        savePersonalOrganization: unused,
      },
      apiKeys: {
        create: unused,
        list: unused,
        revoke: unused,
        findByHash: () => new Promise((resolve) => void lookUps.push(resolve)),
        saveLastUsed: unused,
      },
      log: new RecordingLog(),
      nowMs: () => 0,
      waitUntil: unused,
    });
    const key = newApiKey({ randomBytes: (length) => new Uint8Array(length) });
    const ask = () => resolver.resolve(new Request("http://x", { headers: { "x-api-key": key } }));
    const during = ask();
    resolver.forgetKey("key_1");
    lookUps[0]?.(found);
    // It was good when it was looked up.
    expect(await during).toEqual({ ok: true, value: found.principal });
    const after = ask();
    lookUps[1]?.(null);
    expect(await after).toEqual({ ok: false, error: "unknown-key" });
    const known = ask();
    lookUps[2]?.(found);
    expect((await known).ok).toBe(true);
    expect((await ask()).ok).toBe(true);
    expect(lookUps).toHaveLength(3);
  });
});
