/** Takes files that are dropped anywhere on a chat, and says so while they are over it. */
import { useRef, useState } from "react";
import type { DragEvent, ReactNode } from "react";

interface DropZoneProps {
  readonly onFiles: (files: readonly File[]) => void;
  readonly children: ReactNode;
}

const hasFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes("Files");

/** The page of a chat; what is dropped that is no file stays the browser's business. */
export function DropZone({ onFiles, children }: DropZoneProps) {
  const [isOver, setIsOver] = useState(false);
  // Enter and leave come for every element inside, too.
  const depth = useRef(0);
  return (
    <div
      className="relative flex min-h-0 flex-1 flex-col print:block [@media(max-height:20rem)]:min-h-80"
      onDragEnter={(event) => {
        if (!hasFiles(event)) return;
        depth.current += 1;
        setIsOver(true);
      }}
      onDragOver={(event) => {
        if (hasFiles(event)) event.preventDefault();
      }}
      onDragLeave={(event) => {
        if (!hasFiles(event)) return;
        depth.current -= 1;
        if (depth.current <= 0) setIsOver(false);
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setIsOver(false);
        onFiles([...event.dataTransfer.files]);
      }}
    >
      {children}
      {isOver && (
        <div
          aria-hidden
          className="pointer-events-none absolute inset-2 z-30 flex items-center justify-center rounded-2xl border-2 border-dashed border-accent bg-canvas/85 text-lg font-medium text-accent"
        >
          Drop files to attach them
        </div>
      )}
    </div>
  );
}
