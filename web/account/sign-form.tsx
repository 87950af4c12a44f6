/** The page for signing in and for signing up: two forms of the same three fields. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { EnvelopeIcon } from "@phosphor-icons/react/dist/csr/Envelope";
import { Link, useLocation, useSearch } from "wouter";
import { signIn, signUp, toErrorText } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { Logo } from "../ui/logo.tsx";
import { usePageTitle } from "../ui/page-hook.ts";
import { ThemeButton } from "../ui/theme-button.tsx";
import { tellAccountChange } from "./account-change.ts";
import { Field } from "./field.tsx";
import { toNextPath } from "./next-path.ts";

/** Rule AU1; the server has the last word. */
const MIN_PASSWORD_CHARACTERS = 10;

const WORDS = {
  "sign-in": {
    title: "Sign in",
    action: "Sign in",
    other: "/sign-up",
    ask: "New here?",
    otherAction: "Create an account",
  },
  "sign-up": {
    title: "Create an account",
    action: "Create account",
    other: "/sign-in",
    ask: "Have an account?",
    otherAction: "Sign in",
  },
} as const;

type Kind = keyof typeof WORDS;

const readField = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
};

/** `isIn` is false where the address must be confirmed first. */
async function enterWith(
  kind: Kind,
  form: FormData,
): Promise<{ readonly isIn: boolean; readonly email: string }> {
  const credentials = { email: readField(form, "email").trim(), password: readField(form, "password") };
  const { email } = credentials;
  if (kind === "sign-in") {
    await signIn(credentials);
    return { isIn: true, email };
  }
  const { token } = await signUp({ ...credentials, name: readField(form, "name").trim() });
  return { isIn: typeof token === "string", email };
}

function CheckMail({ email }: { readonly email: string }) {
  return (
    <div role="status" className="card flex w-full max-w-sm flex-col items-center gap-3 p-8 text-center">
      <EnvelopeIcon aria-hidden size={32} className="text-accent" />
      <h1 className="text-xl font-semibold tracking-tight">Look into your mail</h1>
      <p className="text-sm text-ink-soft">
        A message is on its way to <span className="font-medium text-ink wrap-anywhere">{email}</span>. Follow
        its link to confirm the address and come in.
      </p>
    </div>
  );
}

/** The form, which goes on to where the person was heading. */
export function SignForm({ kind }: { readonly kind: Kind }) {
  const words = WORDS[kind];
  usePageTitle(words.title);
  const search = useSearch();
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const [isBusy, setIsBusy] = useState(false);
  const enter = useMutation({
    mutationFn: (form: FormData) => enterWith(kind, form),
    onMutate: () => setIsBusy(true),
    onError: () => setIsBusy(false),
    onSuccess: ({ isIn }) => {
      if (!isIn) return;
      // Whatever was read for another account must not be shown to this one.
      client.clear();
      tellAccountChange();
      navigate(toNextPath(search), { replace: true });
    },
  });
  return (
    <main className="flex min-h-full flex-col items-center justify-center gap-6 px-4 py-10">
      <div className="absolute top-3 right-3">
        <ThemeButton />
      </div>
      <div className="flex items-center gap-3">
        <Logo size={40} />
        <span className="text-xl font-semibold tracking-tight">Breakwater</span>
      </div>
      {enter.data?.isIn === false ? (
        <CheckMail email={enter.data.email} />
      ) : (
        <form
          aria-label={words.title}
          className="card flex w-full max-w-sm flex-col gap-4 p-6 sm:p-8"
          onSubmit={(event) => {
            event.preventDefault();
            enter.mutate(new FormData(event.currentTarget));
          }}
        >
          <h1 className="text-xl font-semibold tracking-tight">{words.title}</h1>
          {kind === "sign-up" && <Field label="Name" name="name" type="text" autoComplete="name" autoFocus />}
          <Field
            label="E-mail"
            name="email"
            type="email"
            autoComplete="username"
            autoFocus={kind === "sign-in"}
          />
          <Field
            label="Password"
            name="password"
            type="password"
            autoComplete={kind === "sign-in" ? "current-password" : "new-password"}
            {...(kind === "sign-up"
              ? {
                  minLength: MIN_PASSWORD_CHARACTERS,
                  hint: `At least ${MIN_PASSWORD_CHARACTERS} characters.`,
                }
              : {})}
          />
          {enter.error !== null && (
            <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-sm text-bad">
              {toErrorText(enter.error)}
            </p>
          )}
          <Button type="submit" look="primary" disabled={isBusy} className="min-h-11!">
            {isBusy ? "One moment…" : words.action}
          </Button>
          <p className="text-center text-sm text-ink-soft">
            {words.ask}{" "}
            <Link
              href={search === "" ? words.other : `${words.other}?${search}`}
              className="font-medium text-accent underline underline-offset-2"
            >
              {words.otherAction}
            </Link>
          </p>
        </form>
      )}
    </main>
  );
}
