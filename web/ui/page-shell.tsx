/** The frame of every page that is not a chat: the way back, the page's tabs, the theme, a heading. */
import type { ReactNode } from "react";
import { ChatCircleIcon } from "@phosphor-icons/react/dist/csr/ChatCircle";
import { Link, useRoute } from "wouter";
import { Logo } from "./logo.tsx";
import { ThemeButton } from "./theme-button.tsx";

export interface PageTab {
  readonly href: string;
  readonly text: string;
}

function Tab({ href, text }: PageTab) {
  const [isCurrent] = useRoute(href);
  return (
    <Link
      href={href}
      aria-current={isCurrent ? "page" : undefined}
      className={`flex h-9 items-center rounded-lg px-1.5 text-[13px] font-medium max-[22rem]:px-1 max-[22rem]:text-xs sm:px-3 sm:text-sm whitespace-nowrap ${isCurrent ? "bg-accent-soft text-accent-strong" : "text-ink-soft hover:bg-hover hover:text-ink"}`}
    >
      {text}
    </Link>
  );
}

interface PageShellProps {
  readonly title: string;
  readonly tabs: readonly PageTab[];
  /** Beside the heading: a pill, a filter. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** A page with a head that stays in sight. */
export function PageShell({ title, tabs, aside, children }: PageShellProps) {
  return (
    <div className="min-h-full">
      <header className="sticky top-0 z-20 border-b border-line bg-canvas/95 backdrop-blur">
        <div className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2 sm:px-4">
          <Link
            href="/"
            aria-label="Breakwater: to your chats"
            className="flex h-9 items-center gap-2 rounded-lg pr-1"
          >
            <Logo size={26} />
            <span className="hidden font-semibold tracking-tight sm:inline">Breakwater</span>
          </Link>
          <nav
            aria-label="Pages"
            // One that is out of sight is one that is not there: where they do not fit they take a second line.
            className="order-last flex w-full flex-wrap gap-x-0.5 sm:order-none sm:w-auto sm:flex-1 sm:gap-x-1"
          >
            {tabs.map((tab) => (
              <Tab key={tab.href} {...tab} />
            ))}
          </nav>
          <div className="ml-auto flex items-center gap-1">
            <Link
              href="/"
              className="flex h-9 items-center gap-1.5 rounded-lg px-2.5 text-sm text-ink-soft hover:bg-hover hover:text-ink"
            >
              <ChatCircleIcon aria-hidden size={18} />
              Chat
            </Link>
            <ThemeButton />
          </div>
        </div>
      </header>
      <main className="mx-auto max-w-6xl px-3 py-5 sm:px-4 sm:py-7">
        <div className="mb-5 flex flex-wrap items-center gap-3">
          <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
          {aside}
        </div>
        {children}
      </main>
    </div>
  );
}
