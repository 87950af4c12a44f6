/** Lets signed-in people through and tells the pages behind it who is there; everybody else goes to sign in. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { QueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect } from "react";
import type { ReactNode } from "react";
import { Redirect, useLocation } from "wouter";
import type { Me } from "../../src/protocol/account.ts";
import { ApiError, readMe } from "../api.ts";
import { forgetTyped } from "../session/forget-typed.ts";
import { Logo } from "../ui/logo.tsx";
import { ErrorState } from "../ui/page-state.tsx";
import { onAccountChange } from "./account-change.ts";
import { toSignInPath } from "./next-path.ts";
import { readAccount } from "./read-account.ts";

const Account = createContext<Me | null>(null);

/** Who is signed in. Only for components under an AccountGate. */
export function useAccount(): Me {
  const me = useContext(Account);
  if (me === null) throw new Error("useAccount needs an AccountGate above it");
  return me;
}

/** Who is signed in by now, as an id; null for nobody, undefined when nobody can say. */
async function readUserId(): Promise<string | null | undefined> {
  try {
    return (await readMe()).user.id;
  } catch (error) {
    return error instanceof ApiError && error.status === 401 ? null : undefined;
  }
}

/** Another account, or none, must find nothing of the one before it; who signed in again finds all of it. */
async function followAccount(client: QueryClient): Promise<void> {
  const before = client.getQueryData<Me>(["me"])?.user.id;
  const now = await readUserId();
  if (now === undefined || now === before) return;
  forgetTyped(sessionStorage);
  await client.resetQueries();
}

/** Renders its children for a signed-in person. */
export function AccountGate({ children }: { readonly children: ReactNode }) {
  const [path] = useLocation();
  const { data, error, refetch } = useQuery({ queryKey: ["me"], queryFn: readAccount, staleTime: 60_000 });
  const client = useQueryClient();
  useEffect(() => onAccountChange(() => void followAccount(client)), [client]);
  const isSignedOut = error instanceof ApiError && error.status === 401;
  if (isSignedOut) return <Redirect to={toSignInPath(path)} replace />;
  if (data !== undefined) return <Account value={data}>{children}</Account>;
  return (
    <main className="flex h-full items-center justify-center p-4">
      {error === null ? (
        <div role="status" aria-label="Loading" className="animate-pulse">
          <Logo size={48} />
        </div>
      ) : (
        <ErrorState error={error} onRetry={() => void refetch()} />
      )}
    </main>
  );
}
