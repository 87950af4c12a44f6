/** The tabs of the pages that are not a chat. */
import type { Me } from "../../src/protocol/account.ts";
import type { PageTab } from "./page-shell.tsx";

const CIRCUITS: PageTab = { href: "/console", text: "Circuits" };
const FOR_ALL: readonly PageTab[] = [
  { href: "/console/selections", text: "Selections" },
  { href: "/console/analytics", text: "Analytics" },
  { href: "/keys", text: "API keys" },
  { href: "/docs", text: "API" },
];

/** Circuits are for admins; the rest shows everybody what is their own organization's. */
export function toPageTabs(role: Me["user"]["role"]): readonly PageTab[] {
  return role === "admin" ? [CIRCUITS, ...FOR_ALL] : FOR_ALL;
}
