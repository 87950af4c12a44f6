import { describe, expect, it } from "vitest";
import type { LegEvent } from "../../../../src/routing/attempt/drive-attempt.ts";
import { LegFilter } from "../../../../src/routing/legs/leg-filter.ts";
import { targetOf } from "../ranking/plan-facts.ts";

const start: LegEvent = { type: "leg-start", target: targetOf("a/m"), attempt: 1 };
const text = (said: string): LegEvent => ({ type: "text-delta", text: said });
const thought = (said: string): LegEvent => ({ type: "reasoning-delta", text: said });
const toolStart: LegEvent = { type: "tool-input-start", toolCallId: "t1", toolName: "look" };
const toolInput: LegEvent = { type: "tool-input-delta", toolCallId: "t1", text: '{"at":1}' };
const toolCall: LegEvent = { type: "tool-call", toolCallId: "t1", toolName: "look", input: '{"at":1}' };

const beginning = () => new LegFilter({ text: "" }, null);
const SHOWN = "The waves lose their strength on the heavy stones, and the harbour";
const ANCHOR = "stones, and the harbour";
const continuing = () => new LegFilter({ text: SHOWN }, { anchor: ANCHOR, untoldSpace: "" });

describe("a leg that begins", () => {
  it("[RT93] passes words and thoughts on as they come, behind who speaks", () => {
    const filter = beginning();
    expect(filter.pass([start, thought("hm")])).toEqual([start, thought("hm")]);
    expect(filter.pass([text("one"), text("two")])).toEqual([text("one"), text("two")]);
    expect(filter.finish()).toEqual([]);
    expect(filter.hasShown).toBe(true);
  });

  it("[RT95] keeps tool calls, and what follows them, until the provider has said that it is done", () => {
    const filter = beginning();
    const rest = [toolStart, toolInput, toolCall, text("behind"), thought("after")];
    expect(filter.pass([start, text("I look."), ...rest])).toEqual([start, text("I look.")]);
    expect(filter.pass([text("more")])).toEqual([]);
    expect(filter.finish()).toEqual([...rest, text("more")]);
    expect(filter.finish()).toEqual([]);
  });

  it("[RT95] a leg of tool calls alone is not there before they are", () => {
    const filter = beginning();
    expect(filter.pass([start, toolStart, toolInput, toolCall])).toEqual([]);
    expect(filter.hasShown).toBe(false);
    expect(filter.finish()).toEqual([start, toolStart, toolInput, toolCall]);
    expect(filter.hasShown).toBe(true);
  });

  it("[RT93] nothing is not a word", () => {
    const filter = beginning();
    expect(filter.pass([start, text(""), thought("")])).toEqual([]);
    expect(filter.hasShown).toBe(false);
  });
});

describe("a leg that goes on", () => {
  it("[RT93] who speaks is told with the first new word", () => {
    const filter = continuing();
    expect(filter.pass([start, text("stones, and ")])).toEqual([]);
    expect(filter.pass([text("the harbour stays")])).toEqual([start, text(" stays")]);
    expect(filter.pass([text(" calm")])).toEqual([text(" calm")]);
    expect(filter.finish()).toEqual([]);
  });

  it("[RT93] one that only repeats shows nothing", () => {
    const filter = continuing();
    expect(filter.pass([start, text(ANCHOR)])).toEqual([]);
    expect(filter.finish()).toEqual([]);
    expect(filter.hasShown).toBe(false);
  });

  it("[RT93] a short one is joined at its end", () => {
    const filter = continuing();
    expect(filter.pass([start, text(" stays.")])).toEqual([]);
    expect(filter.finish()).toEqual([start, text(" stays.")]);
  });

  it("[RT94] nothing of one that starts over and says something else is shown", () => {
    const filter = continuing();
    const other = "The waves lose their strength on the heavy stones, and the boats are safe behind them.";
    expect(filter.pass([start, text(other), text("more"), toolCall])).toEqual([]);
    expect(filter.pass([text("and more")])).toEqual([]);
    expect(filter.finish()).toEqual([]);
    expect(filter).toMatchObject({ hasDiverged: true, hasShown: false });
  });

  it("[RT95] its tool calls wait, and come behind the words that were held back", () => {
    const filter = continuing();
    expect(filter.pass([start, text(" stays."), toolCall])).toEqual([]);
    expect(filter.finish()).toEqual([start, text(" stays."), toolCall]);
    const silent = continuing();
    expect(silent.pass([start, toolCall])).toEqual([]);
    expect(silent.finish()).toEqual([start, toolCall]);
  });

  it("[RT96] its thoughts are not shown", () => {
    const filter = continuing();
    expect(filter.pass([start, thought("where was I"), text(`${ANCHOR} stays`)])).toEqual([
      start,
      text(" stays"),
    ]);
    expect(filter.pass([thought("hm"), toolCall, thought("hm")])).toEqual([]);
    expect(filter.finish()).toEqual([toolCall]);
  });

  it("[RT93] what it shows is what the next leg has to be joined to", () => {
    const shown = { text: SHOWN };
    const filter = new LegFilter(shown, { anchor: ANCHOR, untoldSpace: "" });
    filter.pass([start, text(`${ANCHOR} stays`), text(" calm")]);
    expect(shown.text).toBe(`${SHOWN} stays calm`);
  });
});

it("[RT98] everything that came is counted, repeated words, thoughts and tool calls included", () => {
  const filter = continuing();
  filter.pass([start, thought("four"), text(ANCHOR), text(" six..")]);
  filter.pass([toolStart, toolInput, toolCall]);
  expect(filter.receivedCharacters).toBe(4 + ANCHOR.length + 6 + 8);
});
