/** The page for an address that has none. */
import { Link } from "wouter";
import { Logo } from "./logo.tsx";
import { usePageTitle } from "./page-hook.ts";

/** Says so, and leads back. */
export function NotFound() {
  usePageTitle("Not found");
  return (
    <main className="flex h-full flex-col items-center justify-center gap-3 p-4 text-center">
      <Logo size={44} />
      <h1 className="text-xl font-semibold tracking-tight">There is nothing at this address</h1>
      <Link href="/" className="font-medium text-accent underline underline-offset-2">
        Go to your chats
      </Link>
    </main>
  );
}
