/** Where an API key is typed in; and who is signed in, whose cookie does for reading. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { readAccount } from "../account/read-account.ts";
import { ApiError } from "../api.ts";

function SignedIn() {
  const { data, error } = useQuery({ queryKey: ["me"], queryFn: readAccount, staleTime: 60_000 });
  if (data !== undefined) {
    return (
      <>
        Without a key, what only reads is asked in the name of{" "}
        <span className="font-medium text-ink wrap-anywhere">{data.user.email}</span>.{" "}
        <Link href="/keys" className="text-accent underline underline-offset-2">
          Make a key
        </Link>
      </>
    );
  }
  if (error instanceof ApiError && error.status === 401) {
    return (
      <>
        Nobody is signed in.{" "}
        <Link href="/sign-in?next=%2Fdocs" className="text-accent underline underline-offset-2">
          Sign in
        </Link>{" "}
        to make a key, or to read without one.
      </>
    );
  }
  return null;
}

/** The key is state of the page and goes nowhere but into the requests that are sent from here. */
export function KeyField({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <div>
      <label htmlFor="docs-key" className="mb-1 block text-[13px] font-medium">
        API key
      </label>
      <input
        id="docs-key"
        type="password"
        // Neither offered to be saved nor filled in: it is no password of this site.
        autoComplete="off"
        data-1p-ignore=""
        data-lpignore="true"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder="Paste a key"
        aria-describedby="docs-key-hint"
        className="field py-1.5! font-mono text-sm!"
      />
      <p id="docs-key-hint" className="mt-1 text-xs text-ink-faint">
        Kept in this page’s memory alone, gone with a reload. <SignedIn />
      </p>
    </div>
  );
}
