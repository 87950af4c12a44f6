/** A question: its words, the files that came with it, and what can be done with it. */
import type { ReactNode } from "react";
import { FileTextIcon } from "@phosphor-icons/react/dist/csr/FileText";
import { WrenchIcon } from "@phosphor-icons/react/dist/csr/Wrench";
import { isPicture } from "../composer/attachment.ts";
import { Block, FOLD, FOLD_HEAD } from "../answer/tool-call.tsx";

export interface QuestionFile {
  readonly mediaType: string;
  readonly filename: string;
  readonly url: string;
}

/** Only what this origin or the message itself holds: a picture from elsewhere tells its owner who reads. */
function isOwn(url: string): boolean {
  return url.startsWith("/api/v1/sessions/") || url.startsWith("data:");
}

function Picture({ file }: { readonly file: QuestionFile }) {
  return (
    <a
      href={file.url}
      target="_blank"
      rel="noopener"
      className="block overflow-hidden rounded-xl border border-line"
    >
      {/* One height for all, so that a picture that arrives moves nothing. */}
      <img
        src={file.url}
        alt={file.filename}
        loading="lazy"
        className="h-40 w-auto max-w-full min-w-24 bg-sunken object-cover"
      />
    </a>
  );
}

function TextFile({ file }: { readonly file: QuestionFile }) {
  return (
    <a
      href={file.url}
      target="_blank"
      rel="noopener"
      className="flex h-11 max-w-64 items-center gap-2 rounded-xl border border-line bg-surface px-3 text-[13px] font-medium hover:bg-hover"
    >
      <FileTextIcon aria-hidden size={18} className="shrink-0 text-ink-faint" />
      <span className="truncate">{file.filename}</span>
    </a>
  );
}

function Files({ files }: { readonly files: readonly QuestionFile[] }) {
  return (
    <ul aria-label="Attached files" className="flex max-w-[min(42rem,88%)] flex-wrap justify-end gap-2">
      {files
        .filter(({ url }) => isOwn(url))
        .map((file, index) => (
          <li key={index} className="min-w-0">
            {isPicture(file.mediaType) ? <Picture file={file} /> : <TextFile file={file} />}
          </li>
        ))}
    </ul>
  );
}

export interface QuestionOutput {
  readonly name: string;
  readonly text: string;
}

function Outputs({ outputs }: { readonly outputs: readonly QuestionOutput[] }) {
  return (
    <ul aria-label="Results of tools" className="flex w-full max-w-[min(42rem,88%)] flex-col gap-2">
      {outputs.map(({ name, text }, index) => (
        <li key={index}>
          <details className={FOLD}>
            <summary className={FOLD_HEAD}>
              <WrenchIcon aria-hidden size={16} className="shrink-0" />
              <span className="min-w-0 truncate">Result of {name}, from the program that asked</span>
            </summary>
            <Block title="Result" text={text === "" ? "nothing" : text} />
          </details>
        </li>
      ))}
    </ul>
  );
}

interface QuestionProps {
  readonly text: string;
  readonly outputs?: readonly QuestionOutput[];
  readonly files: readonly QuestionFile[];
  /** It has not been taken or answered yet. */
  readonly isFaint: boolean;
  /** What stands below it. */
  readonly children?: ReactNode;
}

/** A question as it was typed. */
export function Question({ text, outputs = [], files, isFaint, children }: QuestionProps) {
  return (
    <article aria-label="Question" className="group/question flex flex-col items-end gap-1">
      {outputs.length > 0 && <Outputs outputs={outputs} />}
      {files.length > 0 && <Files files={files} />}
      {text !== "" && (
        <div
          dir="auto"
          className={`max-w-[min(42rem,88%)] rounded-2xl rounded-br-md bg-accent-soft px-4 py-2.5 wrap-anywhere whitespace-pre-wrap ${isFaint ? "opacity-70" : ""}`}
        >
          {text}
        </div>
      )}
      {children}
    </article>
  );
}
