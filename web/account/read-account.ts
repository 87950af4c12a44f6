/** Who is signed in, as every page reads it: what another person typed in this tab is gone before anything is drawn. */
import type { Me } from "../../src/protocol/account.ts";
import { readMe } from "../api.ts";
import { claimTyped } from "../session/forget-typed.ts";

/** For the query `me`. Rule WB122. */
export async function readAccount(): Promise<Me> {
  const me = await readMe();
  claimTyped(sessionStorage, me.user.id);
  return me;
}
