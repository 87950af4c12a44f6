/** A call in one piece to a provider that says nothing: one that hangs is given up, one that works is waited for. */
import { expect, it } from "vitest";
import { DEFAULT_DEADLINES } from "../../../../src/routing/attempt/deadlines.ts";
import { driveAttempt, type AttemptEnd } from "../../../../src/routing/attempt/drive-attempt.ts";
import {
  answer,
  begin,
  createScriptedProvider,
  failureOf,
  finish,
  hang,
  pause,
  refuse,
  say,
  toProviderId,
  type ScriptedProviderOptions,
  type ScriptStep,
} from "../../../fakes/scripted-provider.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";

type Ping = NonNullable<ScriptedProviderOptions["ping"]> | null;

async function drive(script: readonly ScriptStep[], ping: Ping, isWhole = true) {
  const clock = new VirtualClock();
  const scripted = createScriptedProvider({ id: "openai", clock, scripts: [script], ping });
  const startedMs = clock.nowMs();
  const attempt = driveAttempt(
    { clock, priceUsage: () => null, deadlines: DEFAULT_DEADLINES },
    {
      provider: { ...scripted, nativeWire: "openai-chat" },
      target: { provider: toProviderId("openai"), model: "m" },
      attempt: 1,
      hedge: false,
      call: { prompt: [], native: { wire: "openai-chat", body: {}, onlyHere: [], stream: !isWhole } },
      turnStartedMs: startedMs,
      signal: new AbortController().signal,
      controller: new AbortController(),
    },
  );
  const readEnd = async (): Promise<AttemptEnd> => {
    for (;;) {
      const next = await attempt.next();
      if (next.done === true) return next.value;
    }
  };
  const end = await clock.runUntil(readEnd());
  const pingedAtMs = scripted.pings.map((atMs) => atMs - startedMs);
  return { end, tookMs: clock.nowMs() - startedMs, pingedAtMs, call: scripted.calls[0], clock };
}

it("[RT79] one that does not answer the free check either has timed out", async () => {
  const { end, tookMs, pingedAtMs, call } = await drive([hang], "hang");
  expect(end.failure).toMatchObject({ kind: "timeout", phase: "connect" });
  expect(pingedAtMs).toEqual([15_000, 20_000]);
  expect(tookMs).toBe(25_000);
  expect(call?.aborted).toBe(true);
});

it("[RT79] one that cannot be reached any more is not waited for either", async () => {
  const { end, tookMs } = await drive([hang], failureOf("unreachable"));
  expect(end.failure?.kind).toBe("timeout");
  expect(tookMs).toBe(15_000);
});

it.each([null, failureOf("rate-limited"), failureOf("model-not-found", { status: 404 })])(
  "[RT79] one that is there is waited for, and asked less and less often",
  async (ping) => {
    const { end, tookMs, pingedAtMs, clock } = await drive([pause(200_000), ...answer("done")], ping);
    expect(end.failure).toBeNull();
    expect(tookMs).toBe(200_000);
    expect(pingedAtMs).toEqual([15_000, 45_000, 105_000]);
    expect(clock.pendingTimers).toBe(0);
  },
);

it("[RT79] a quick answer, and one that streams, cost no check", async () => {
  expect((await drive([pause(14_000), ...answer("done")], "hang")).pingedAtMs).toEqual([]);
  const streamed = await drive([hang], "hang", false);
  expect(streamed.pingedAtMs).toEqual([]);
  expect(streamed.tookMs).toBe(15_000);
});

const bytes = (isBlank: boolean): ScriptStep => ({ type: "batch", events: [{ type: "bytes", isBlank }] });
const [blank, half] = [bytes(true), bytes(false)];

it("[RT101] one that falls silent in the middle of its body has timed out, though it answers the check", async () => {
  const { end, tookMs, pingedAtMs, call, clock } = await drive(
    [pause(20_000), begin, half, pause(29_999), half, hang],
    null,
  );
  expect(end.failure).toMatchObject({ kind: "timeout", phase: "stream" });
  expect(end.failure?.message).toBe("no further byte within 30000 ms");
  expect(end).toMatchObject({ hadContent: false, turnOver: false });
  expect(tookMs).toBe(79_999);
  expect(pingedAtMs).toEqual([15_000]);
  expect(call).toMatchObject({ aborted: true, closed: true });
  expect(clock.pendingTimers).toBe(0);
});

it("[RT101] one that is silent between its headers and its body is waited for", async () => {
  const { end, tookMs } = await drive([begin, pause(200_000), half, say("done"), finish()], null);
  expect(end.failure).toBeNull();
  expect(tookMs).toBe(200_000);
});

it("[RT101] blanks are life, and so is every other byte: nobody is asked, and no check that runs decides", async () => {
  const blanks = Array.from({ length: 5 }, () => [blank, pause(59_999)]).flat();
  const words = Array.from({ length: 5 }, () => [half, pause(29_999)]).flat();
  const script = [begin, pause(16_000), ...blanks, ...words, say("done"), finish()];
  const { end, pingedAtMs, clock } = await drive(script, "hang");
  expect(end.failure).toBeNull();
  expect(end.record.firstTokenMs).toBeNull();
  expect(pingedAtMs).toEqual([15_000]);
  expect(clock.pendingTimers).toBe(0);
});

it("[RT101] behind blanks it may be silent for as long as before a first token, behind the first word no longer", async () => {
  expect((await drive([begin, blank, hang], null)).tookMs).toBe(60_000);
  expect((await drive([begin, blank, pause(1_000), half, hang], null)).tookMs).toBe(31_000);
});

it("[RT101] a body that breaks by itself is no timeout", async () => {
  const { end, tookMs } = await drive([begin, half, pause(1_000), refuse("stream-reset")], null);
  expect(end.failure?.kind).toBe("stream-reset");
  expect(tookMs).toBe(1_000);
});
