/** How long a start waits for a server: one that says nothing yet, and one that says that it is ill. */
import { createServer, type RequestListener } from "node:http";
import { afterEach, expect, test } from "vitest";
import { waitForUrl } from "../../../scripts/serve/wait-for-url.ts";

const running: (() => void)[] = [];
afterEach(() => {
  for (const stop of running.splice(0)) stop();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  running.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}/health`;
}

const never = new AbortController().signal;

test("[HT333] a server that is slow to say something is waited for longer than one that is ill", async () => {
  const url = await serve((_request, response) => void setTimeout(() => response.end("ok"), 400));
  expect(await waitForUrl(url, { silentMs: 20_000, illMs: 50 }, never)).toEqual({ ok: true });
});

test("[HT333] one that goes on saying that it is ill is given up with its words", async () => {
  let asked = 0;
  const url = await serve((_request, response) => {
    asked += 1;
    response.writeHead(500).end("no such variable");
  });
  const waited = await waitForUrl(url, { silentMs: 60_000, illMs: 250 }, never);
  expect(waited).toEqual({ ok: false, last: "status 500: no such variable" });
  expect(asked).toBeGreaterThan(1);
});

test("[HT333] one that never says anything is given up in the end", async () => {
  const url = await serve(() => undefined);
  expect(await waitForUrl(url, { silentMs: 300, illMs: 20_000 }, never)).toMatchObject({ ok: false });
});
