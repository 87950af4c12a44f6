/** The rows of tickets. How one opens a socket: test/workers/chat-session-access.test.ts. */
import { expect, it } from "vitest";
import { OrganizationIdText, UserIdText } from "../../../src/auth/principal.ts";
import { ChatDisk } from "./sqlite-store.ts";

it("[SE251] those that nobody used go when the next one is made", () => {
  const disk = new ChatDisk();
  const store = disk.open();
  const holder = {
    userId: UserIdText.parse("user_1"),
    organizationId: OrganizationIdText.parse("org_1"),
    credential: { kind: "api-key" as const, id: "key_1" },
  };
  const save = (hash: string, nowMs: number): void =>
    store.saveTicket({ ...holder, hash, expiresAtMs: nowMs + 60_000 }, nowMs);
  for (let index = 0; index < 100; index += 1) save(`old-${index}`, 1_000);
  save("young", 2_000);
  save("new", 61_500);
  expect(disk.all("select hash from ticket order by hash")).toEqual([{ hash: "new" }, { hash: "young" }]);
  expect(store.takeTicket("young", 61_600)).toEqual(holder);
});
