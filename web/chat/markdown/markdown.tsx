/** An answer's markdown, drawn block by block: while it streams only the last blocks are drawn again. */
import { memo, useMemo, useState } from "react";
import { CodeBlock } from "./code-block.tsx";
import { flattenFold, readMarkdown, toShownBlocks } from "./markdown-blocks.ts";
import type { MarkdownBlock } from "./markdown-blocks.ts";
import type { Fold } from "./markdown-fold.ts";
import { toAnswerHtml } from "./sanitize.ts";

interface BlockProps {
  readonly block: MarkdownBlock;
  readonly definitions: string;
  readonly isOpen: boolean;
  /** How many folds it stands in. */
  readonly foldsAround: number;
}

interface FoldedProps extends Omit<BlockProps, "block"> {
  readonly fold: Fold;
}

/** What an answer folds away, drawn as an answer of its own. */
function Folded({ fold, definitions, isOpen, foldsAround }: FoldedProps) {
  const summary = useMemo(() => toAnswerHtml(fold.summary, definitions, false), [fold.summary, definitions]);
  const inside = definitions === "" ? fold.inside : `${fold.inside}\n\n${definitions}`;
  return (
    <details dir="auto" open={fold.isOpen}>
      {summary === "" ? (
        <summary>Details</summary>
      ) : (
        <summary dangerouslySetInnerHTML={{ __html: summary }} />
      )}
      <Markdown text={inside} isStreaming={isOpen} foldsAround={foldsAround + 1} />
    </details>
  );
}

const Block = memo(function Block({ block: read, definitions, isOpen, foldsAround }: BlockProps) {
  const block = useMemo(() => flattenFold(read, foldsAround), [read, foldsAround]);
  const html = useMemo(
    () =>
      block.kind === "code" || block.kind === "fold" ? "" : toAnswerHtml(block.raw, definitions, isOpen),
    [block, definitions, isOpen],
  );
  if (block.kind === "code") return <CodeBlock code={block.code} language={block.language} isOpen={isOpen} />;
  if (block.fold !== null)
    return <Folded fold={block.fold} definitions={definitions} isOpen={isOpen} foldsAround={foldsAround} />;
  if (block.kind === "text") return <div className="block" dangerouslySetInnerHTML={{ __html: html }} />;
  return (
    <div
      className="table-scroll"
      role="region"
      aria-label="Table"
      tabIndex={0}
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
});

interface MarkdownProps {
  readonly text: string;
  readonly isStreaming: boolean;
  readonly foldsAround?: number;
}

/** Markdown as sanitized HTML. `isStreaming` says that the text will grow. */
export function Markdown({ text, isStreaming, foldsAround = 0 }: MarkdownProps) {
  const [read, setRead] = useState(() => ({ text, page: readMarkdown(text) }));
  // Set while drawing, as React allows for state that follows a property: nothing is drawn with the old blocks.
  if (read.text !== text) setRead({ text, page: readMarkdown(text, read.page) });
  const { page } = read;
  return (
    <div className="prose">
      {toShownBlocks(page, isStreaming).map((block, index, shown) => (
        <Block
          key={block.start}
          block={block}
          definitions={page.definitions}
          isOpen={isStreaming && index === shown.length - 1}
          foldsAround={foldsAround}
        />
      ))}
    </div>
  );
}
