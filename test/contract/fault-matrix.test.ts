/**
 * The fault matrix: every way in which a stream can break, at every place that matters, between every ordered pair of
 * providers. Whatever breaks, the reader ends with the whole text, or with an end that says what is missing.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FaultName } from "../../sandbox/fault.ts";
import { toLongText } from "../../sandbox/long-text.ts";
import { hashText } from "../../sandbox/measure-text.ts";
import { startSandbox } from "../../sandbox/server.ts";
import { breakStandIn, listPairs, nameOf, runBrokenTurn, type MatrixTarget } from "./failover-world.ts";

/** About 600 tokens of the stand-ins: longer than the last place of a break. */
const QUESTION = "Go on [[words:700]]";
const WHOLE = toLongText(700, hashText(QUESTION));
const TOOL_QUESTION =
  'Look it up [[tool:search {"query":"a rather long query for a break in its middle","limit":7}]]';
const TOOLS = [
  {
    type: "function" as const,
    name: "search",
    inputSchema: {
      type: "object" as const,
      properties: { query: { type: "string" as const }, limit: { type: "integer" as const } },
    },
  },
];
const IN_STREAM: readonly FaultName[] = ["reset", "cut", "error-event", "garbage", "stall"];
const PLACES = [1, 40, 400];
/** Short, so that a stall is noticed soon; the stand-ins send without a pause. */
const GAP_MS = 300;

let sandbox: Awaited<ReturnType<typeof startSandbox>>;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, paceMs: 0 });
});
afterAll(() => sandbox.close());

let tests = 0;
function toTurn(order: readonly MatrixTarget[], question: string) {
  tests += 1;
  return {
    sandboxUrl: sandbox.url,
    testId: `matrix-${tests}`,
    order,
    prompt: [{ role: "user" as const, content: [{ type: "text" as const, text: question }] }],
    gapMs: GAP_MS,
  };
}

describe.each(listPairs().map((pair) => ({ pair, name: pair.map(nameOf).join(" then ") })))(
  "$name",
  ({ pair }) => {
    const [first, second] = pair;

    it.each(IN_STREAM.flatMap((fault) => PLACES.map((afterChunks) => ({ fault, afterChunks }))))(
      "[RT90] [RT93] $fault after $afterChunks tokens: the other goes on, and the seam does not show",
      async ({ fault, afterChunks }) => {
        const turn = toTurn(pair, QUESTION);
        await breakStandIn(turn, first.provider, { fault, afterChunks });
        const { end, text } = await runBrokenTurn(turn);
        expect(text).toBe(WHOLE);
        expect(end).toMatchObject({ status: "complete", failure: null });
        expect(end.legs.map(({ provider, model }) => `${provider}/${model}`)).toEqual(pair.map(nameOf));
        expect(end.attempts.length).toBe(2);
      },
    );

    it("[RT18] an empty 200: the other answers", async () => {
      const turn = toTurn(pair, QUESTION);
      await breakStandIn(turn, first.provider, { fault: "empty", afterChunks: 0 });
      const { end, text } = await runBrokenTurn(turn);
      expect(text).toBe(WHOLE);
      expect(end).toMatchObject({ status: "complete", legs: [{ provider: second.provider }] });
    });

    it.each(["reset", "cut", "error-event", "garbage"] as const)(
      "[RT95] %s inside a tool's arguments: the call is made once, by the other",
      async (fault) => {
        const turn = { ...toTurn(pair, TOOL_QUESTION), tools: TOOLS };
        await breakStandIn(turn, first.provider, { fault, afterChunks: 1 });
        const { end, events } = await runBrokenTurn(turn);
        expect(end).toMatchObject({ status: "complete", finishReason: "tool-calls" });
        const calls = events.filter((event) => event.type === "tool-call");
        expect(calls.map(({ toolName }) => toolName)).toEqual(["search"]);
        expect(JSON.parse(calls[0]?.input ?? "")).toEqual({
          query: "a rather long query for a break in its middle",
          limit: 7,
        });
        const started = events.filter((event) => event.type === "tool-input-start");
        expect(started.map(({ toolCallId }) => toolCallId)).toEqual(
          calls.map(({ toolCallId }) => toolCallId),
        );
      },
    );
  },
);

describe("when everybody breaks", () => {
  it.each(listPairs().map((pair) => ({ pair, name: pair.map(nameOf).join(" then ") })))(
    "[RT24] $name: incomplete, a beginning of the whole text, and the legs named",
    async ({ pair }) => {
      const turn = toTurn(pair, QUESTION);
      for (const { provider } of pair) await breakStandIn(turn, provider, { fault: "cut", afterChunks: 30 });
      const { end, text } = await runBrokenTurn(turn);
      expect(end.status).toBe("incomplete");
      expect(end.failure?.kind).toBe("stream-cut");
      expect(text.length).toBeGreaterThan(50);
      expect(WHOLE.startsWith(text)).toBe(true);
      expect(end.legs.length).toBeGreaterThanOrEqual(1);
    },
  );
});
