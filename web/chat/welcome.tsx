/** An empty chat: a greeting and four questions to begin with. */
import { CodeIcon } from "@phosphor-icons/react/dist/csr/Code";
import { ScalesIcon } from "@phosphor-icons/react/dist/csr/Scales";
import { PencilLineIcon } from "@phosphor-icons/react/dist/csr/PencilLine";
import { TableIcon } from "@phosphor-icons/react/dist/csr/Table";
import { Logo } from "../ui/logo.tsx";

const EXAMPLES = [
  {
    Icon: ScalesIcon,
    title: "Explain an idea",
    text: "Explain what a circuit breaker does in a distributed system, with an everyday picture.",
  },
  {
    Icon: CodeIcon,
    title: "Write some code",
    text: "Write a TypeScript function that retries a promise with exponential backoff and full jitter.",
  },
  {
    Icon: TableIcon,
    title: "Compare in a table",
    text: "Compare WebSockets, server-sent events and long polling in a table.",
  },
  {
    Icon: PencilLineIcon,
    title: "Draft a message",
    text: "Draft a short, honest status update for customers about a provider outage.",
  },
] as const;

/** The greeting; a press on an example hands its text over. */
export function Welcome({
  name,
  onExample,
}: {
  readonly name: string;
  readonly onExample: (text: string) => void;
}) {
  return (
    <section
      aria-label="Welcome"
      className="mx-auto flex w-full max-w-3xl flex-col items-center gap-6 px-4 py-10 sm:py-16"
    >
      <Logo size={52} />
      <div className="text-center">
        <h1 className="text-2xl font-semibold tracking-tight sm:text-3xl">
          {name === "" ? "What is on your mind?" : `What is on your mind, ${name}?`}
        </h1>
        <p className="mt-2 text-ink-soft">If one provider goes down in mid-answer, another one carries on.</p>
      </div>
      <ul className="grid w-full gap-2.5 sm:grid-cols-2">
        {EXAMPLES.map(({ Icon, title, text }) => (
          <li key={title}>
            <button
              type="button"
              onClick={() => onExample(text)}
              className="card flex h-full w-full items-start gap-3 p-4 text-left transition-colors hover:border-accent"
            >
              <Icon aria-hidden size={20} className="mt-0.5 shrink-0 text-accent" />
              <span>
                <span className="block text-sm font-medium">{title}</span>
                <span className="mt-0.5 block text-[13px] text-ink-soft">{text}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
