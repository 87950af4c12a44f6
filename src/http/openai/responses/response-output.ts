/**
 * What a model says as the output items of OpenAI's Responses API: thoughts, messages and function calls, each with the
 * events that tell of it. Pure; one for one answer. Rules HT103 to HT106.
 */
import type { AnswerEvent } from "../../../routing/run-plan.ts";

/** An event of the wire, before it has its number. */
export interface OutputEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

type ItemStatus = "in_progress" | "completed" | "incomplete";
type TextKind = "message" | "reasoning";

interface ItemBase {
  readonly id: string;
  /** Its place in the output. */
  readonly index: number;
  status: ItemStatus;
}
interface TextItem extends ItemBase {
  readonly kind: TextKind;
  text: string;
}
interface CallItem extends ItemBase {
  readonly kind: "function_call";
  readonly callId: string;
  readonly name: string;
  arguments: string;
}
type OutputItem = TextItem | CallItem;

type Tell = (event: OutputEvent) => void;

export class ResponseOutput {
  private readonly newItemId: (prefix: string) => string;
  private readonly items: OutputItem[] = [];
  /** The message, or the thoughts, to which the next words belong. */
  private openText: TextItem | null = null;
  private readonly openCalls = new Map<string, CallItem>();

  constructor(newItemId: (prefix: string) => string) {
    this.newItemId = newItemId;
  }

  /** Notes an event and tells what it means on the wire. */
  take(event: AnswerEvent, tell: Tell): void {
    switch (event.type) {
      case "text-delta":
        return this.addText("message", event.text, tell);
      case "reasoning-delta":
        return this.addText("reasoning", event.text, tell);
      case "tool-input-start":
        this.startCall(event.toolCallId, event.toolName, tell);
        return;
      case "tool-input-delta":
        return this.addArguments(event.toolCallId, event.text, tell);
      case "tool-call":
        return this.finishCall(event, tell);
      case "leg-start":
      // A request of this wire is always translated, so nobody answers in it.
      case "wire":
      case "answer-end":
        return;
    }
  }

  /** Ends whatever is open; `status` is that of the answer as a whole. */
  close(status: "completed" | "incomplete", tell: Tell): void {
    const text = this.openText;
    this.openText = null;
    if (text !== null) endText(text, status, tell);
    for (const call of this.openCalls.values()) endCall(call, status, tell);
    this.openCalls.clear();
  }

  /** Every item as it stands. */
  list(): object[] {
    return this.items.map(toWire);
  }

  /** The same once `status` is that of what is still open; thoughts by their id alone, since nobody is given them again. */
  listSaid(status: "completed" | "incomplete"): object[] {
    return this.items.map((item) => {
      const ended = item.status === "in_progress" ? { ...item, status } : item;
      return item.kind === "reasoning" ? { ...toWire(ended), summary: [] } : toWire(ended);
    });
  }

  /** What broke off is told as such, without an event: it does not end, the answer does. */
  breakOff(): void {
    for (const item of this.items) if (item.status === "in_progress") item.status = "incomplete";
  }

  private addText(kind: TextKind, text: string, tell: Tell): void {
    if (text === "") return;
    let item = this.openText;
    if (item?.kind !== kind) {
      if (item !== null) endText(item, "completed", tell);
      item = this.startText(kind, tell);
    }
    item.text += text;
    tell(
      kind === "message"
        ? { type: "response.output_text.delta", ...toPlace(item), delta: text, logprobs: [] }
        : { type: "response.reasoning_summary_text.delta", ...toPlace(item), delta: text },
    );
  }

  private startText(kind: TextKind, tell: Tell): TextItem {
    const prefix = kind === "message" ? "msg" : "rs";
    const item: TextItem = { kind, ...this.toBase(prefix), text: "" };
    this.items.push(item);
    this.openText = item;
    tell({
      type: "response.output_item.added",
      output_index: item.index,
      // The part is announced by its own event.
      item: { ...toWire(item), ...(kind === "message" ? { content: [] } : { summary: [] }) },
    });
    tell({ type: toPartEvent(kind, "added"), ...toPlace(item), part: toPart(item) });
    return item;
  }

  private startCall(callId: string, name: string, tell: Tell): CallItem {
    const text = this.openText;
    this.openText = null;
    if (text !== null) endText(text, "completed", tell);
    const item: CallItem = {
      kind: "function_call",
      ...this.toBase("fc"),
      callId,
      name,
      arguments: "",
    };
    this.items.push(item);
    this.openCalls.set(callId, item);
    tell({ type: "response.output_item.added", output_index: item.index, item: toWire(item) });
    return item;
  }

  private addArguments(callId: string, text: string, tell: Tell): void {
    const item = this.openCalls.get(callId);
    if (item === undefined || text === "") return;
    item.arguments += text;
    tell({ type: "response.function_call_arguments.delta", ...toItemPlace(item), delta: text });
  }

  private finishCall(
    { toolCallId, toolName, input }: Extract<AnswerEvent, { type: "tool-call" }>,
    tell: Tell,
  ): void {
    const item = this.openCalls.get(toolCallId) ?? this.startCall(toolCallId, toolName, tell);
    // Where they did not come piece by piece they come as one.
    if (item.arguments === "") this.addArguments(toolCallId, input, tell);
    this.openCalls.delete(toolCallId);
    endCall(item, "completed", tell);
  }

  private toBase(prefix: string): ItemBase {
    return { id: this.newItemId(prefix), index: this.items.length, status: "in_progress" };
  }
}

function endText(item: TextItem, status: ItemStatus, tell: Tell): void {
  item.status = status;
  tell(
    item.kind === "message"
      ? { type: "response.output_text.done", ...toPlace(item), text: item.text, logprobs: [] }
      : { type: "response.reasoning_summary_text.done", ...toPlace(item), text: item.text },
  );
  tell({ type: toPartEvent(item.kind, "done"), ...toPlace(item), part: toPart(item) });
  tell({ type: "response.output_item.done", output_index: item.index, item: toWire(item) });
}

function endCall(item: CallItem, status: ItemStatus, tell: Tell): void {
  item.status = status;
  tell({
    type: "response.function_call_arguments.done",
    ...toItemPlace(item),
    name: item.name,
    arguments: item.arguments,
  });
  tell({ type: "response.output_item.done", output_index: item.index, item: toWire(item) });
}

const toPartEvent = (kind: TextKind, what: "added" | "done"): string =>
  kind === "message" ? `response.content_part.${what}` : `response.reasoning_summary_part.${what}`;

const toItemPlace = (item: OutputItem): object => ({ item_id: item.id, output_index: item.index });

/** Each message has one part, and so have thoughts. */
const toPlace = (item: TextItem): object => ({
  ...toItemPlace(item),
  ...(item.kind === "message" ? { content_index: 0 } : { summary_index: 0 }),
});

const toPart = ({ kind, text }: TextItem): object =>
  kind === "message"
    ? { type: "output_text", text, annotations: [], logprobs: [] }
    : { type: "summary_text", text };

function toWire(item: OutputItem): object {
  const { id, status } = item;
  switch (item.kind) {
    case "message":
      return { id, type: "message", role: "assistant", status, content: [toPart(item)] };
    case "reasoning":
      return { id, type: "reasoning", status, summary: [toPart(item)] };
    case "function_call":
      return {
        id,
        type: "function_call",
        status,
        call_id: item.callId,
        name: item.name,
        arguments: item.arguments,
      };
  }
}
