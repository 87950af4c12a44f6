/** The foot of every side: who is signed in, the other pages, the theme, the way out. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { BookOpenTextIcon } from "@phosphor-icons/react/dist/csr/BookOpenText";
import { ChartBarIcon } from "@phosphor-icons/react/dist/csr/ChartBar";
import { KeyIcon } from "@phosphor-icons/react/dist/csr/Key";
import { SignOutIcon } from "@phosphor-icons/react/dist/csr/SignOut";
import { WaveformIcon } from "@phosphor-icons/react/dist/csr/Waveform";
import { Link, useLocation } from "wouter";
import { ApiError, signOut, toErrorText } from "../api.ts";
import { forgetModelChoices } from "../chat/composer/model-choice.ts";
import { forgetTyped } from "../session/forget-typed.ts";
import { IconButton } from "../ui/button.tsx";
import { ThemeButton } from "../ui/theme-button.tsx";
import { useToaster } from "../ui/toast.tsx";
import { tellAccountChange } from "./account-change.ts";
import { useAccount } from "./account-gate.tsx";

const LINK =
  "flex h-9 items-center gap-2.5 rounded-lg px-2.5 text-sm text-ink-soft hover:bg-hover hover:text-ink";

function SignOutButton() {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const { complain } = useToaster();
  const forget = (): void => {
    client.clear();
    forgetTyped(sessionStorage);
    forgetModelChoices();
    tellAccountChange();
    navigate("/sign-in");
  };
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: forget,
    onError: (error) => {
      complain(toErrorText(error));
      // The browser has no cookie any more, whatever is left on the server. Rule AU42.
      if (error instanceof ApiError && error.status === 503) forget();
    },
  });
  return (
    <IconButton small label="Sign out" disabled={leave.isPending} onClick={() => leave.mutate()}>
      <SignOutIcon aria-hidden size={18} />
    </IconButton>
  );
}

/** Links and account; circuits are shown to admins only. */
export function AccountMenu() {
  const { user } = useAccount();
  const isAdmin = user.role === "admin";
  return (
    <div className="border-t border-line p-2">
      <nav aria-label="Pages">
        <Link href={isAdmin ? "/console" : "/console/selections"} className={LINK}>
          {isAdmin ? <WaveformIcon aria-hidden size={18} /> : <ChartBarIcon aria-hidden size={18} />}
          {isAdmin ? "Console" : "Activity"}
        </Link>
        <Link href="/keys" className={LINK}>
          <KeyIcon aria-hidden size={18} />
          API keys
        </Link>
        <Link href="/docs" className={LINK}>
          <BookOpenTextIcon aria-hidden size={18} />
          API documentation
        </Link>
      </nav>
      <div className="mt-2 flex items-center gap-1 border-t border-line pt-2 pl-2.5">
        <div className="min-w-0 flex-1">
          <p className="truncate text-sm font-medium">{user.name === "" ? user.email : user.name}</p>
          {user.name !== "" && <p className="truncate text-xs text-ink-faint">{user.email}</p>}
        </div>
        <ThemeButton />
        <SignOutButton />
      </div>
    </div>
  );
}
