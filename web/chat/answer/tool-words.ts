/** What is said of a tool's call, by how far it has come. Pure. Rules WB68, WB135. */
import type { ViewPart, ViewTool } from "../../session/answer-part.ts";

export interface ToolWords {
  readonly text: string;
  readonly tone: "done" | "busy" | "bad";
}

/** `isLive`: the answer is still being written; otherwise nothing more will come. */
export function toToolWords({ name, state }: Pick<ViewTool, "name" | "state">, isLive: boolean): ToolWords {
  switch (state) {
    case "input-streaming":
      return { text: `Preparing a call of ${name}…`, tone: "busy" };
    case "approval-requested":
      return isLive
        ? { text: `May ${name} be called?`, tone: "busy" }
        : { text: `${name} was not called: nobody said whether it may be`, tone: "bad" };
    case "input-available":
    case "approval-responded":
      return isLive
        ? { text: `Calling ${name}…`, tone: "busy" }
        : { text: `Called ${name}, without a result`, tone: "bad" };
    case "left-to-caller":
      return { text: `Left ${name} to the program that asked`, tone: "done" };
    case "output-available":
      return { text: `Called ${name}`, tone: "done" };
    case "stopped":
      return { text: `${name} was stopped`, tone: "done" };
    case "stopped-unasked":
      return { text: `${name} was not called: the answer was stopped`, tone: "done" };
    case "output-error":
      return { text: `${name} failed`, tone: "bad" };
    case "output-denied":
      return { text: `${name} was not allowed`, tone: "bad" };
  }
}

/** What is said aloud when an answer waits for somebody; empty when it does not. */
export function toApprovalWords(parts: readonly ViewPart[]): string {
  const names = parts.flatMap((part) =>
    part.type === "tool" && part.state === "approval-requested" ? [part.name] : [],
  );
  return names.length === 0
    ? ""
    : `The answer waits for you: may ${names.join(" and ")} be called? Allow and Deny are in the answer.`;
}
