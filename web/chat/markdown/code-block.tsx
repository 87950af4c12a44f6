/** A block of code: its language, a button to copy it, and colours once it is whole. */
import { useEffect, useState } from "react";
import { CopyButton } from "../../ui/copy-button.tsx";
import { toCodeHtml } from "./sanitize.ts";

/** Longer blocks stay plain: colouring one would hold up the page. */
const MAX_COLOURED_CHARACTERS = 60_000;

/** What was coloured lately: a block that is scrolled away and back is not plain for a moment. */
const known = new Map<string, string>();
const MAX_KNOWN = 200;

const toKey = (code: string, language: string): string => `${language}\n${code}`;

async function colour(code: string, language: string): Promise<string | null> {
  const seen = known.get(toKey(code, language));
  if (seen !== undefined) return seen;
  const { highlight } = await import("./highlight.ts");
  const coloured = highlight(code, language);
  if (coloured === null) return null;
  const html = toCodeHtml(coloured);
  const oldest = known.size >= MAX_KNOWN ? known.keys().next().value : undefined;
  if (oldest !== undefined) known.delete(oldest);
  known.set(toKey(code, language), html);
  return html;
}

interface CodeBlockProps {
  readonly code: string;
  readonly language: string;
  /** True while it may still grow. */
  readonly isOpen: boolean;
}

/** Code with a head line. Colours change nothing of its size. */
export function CodeBlock({ code, language, isOpen }: CodeBlockProps) {
  const [coloured, setColoured] = useState(() => {
    const html = known.get(toKey(code, language));
    return html === undefined ? null : { code, html };
  });
  useEffect(() => {
    if (isOpen || language === "" || code.length > MAX_COLOURED_CHARACTERS) return undefined;
    let isWanted = true;
    colour(code, language).then(
      (html) => isWanted && setColoured(html === null ? null : { code, html }),
      // The colours could not be loaded; the code is there without them.
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [code, language, isOpen]);
  const label = language === "" ? "code" : language;
  return (
    <figure aria-label={`Code: ${label}`} className="overflow-hidden rounded-xl border border-line bg-code">
      <figcaption className="flex h-10 items-center justify-between border-b border-line pr-1 pl-4 text-xs text-ink-faint">
        <span className="font-mono">{label}</span>
        <CopyButton label="Copy code" read={() => code} />
      </figcaption>
      <pre tabIndex={0} className="rounded-none!">
        {coloured !== null && coloured.code === code ? (
          <code dangerouslySetInnerHTML={{ __html: coloured.html }} />
        ) : (
          <code>{code}</code>
        )}
      </pre>
    </figure>
  );
}
