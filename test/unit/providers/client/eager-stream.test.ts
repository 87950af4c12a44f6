import { expect, it } from "vitest";
import { startStream } from "../../../../src/providers/client/eager-stream.ts";

it("[HT281] a stream that is left early is aborted without a reason of our own", async () => {
  let given: AbortSignal | null = null;
  const stream = startStream(async function* (signal) {
    given = signal;
    yield [{ type: "text-delta", text: "one" }];
    yield [{ type: "text-delta", text: "two" }];
  }, new AbortController().signal);
  for await (const _ of stream) break;
  expect(given).toMatchObject({ aborted: true, reason: { name: "AbortError", code: 20 } });
});
