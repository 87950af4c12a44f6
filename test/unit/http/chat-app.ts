/** The application over fakes, as Alice's browser calls it under `/api/v1`. */
import { createApp } from "../../../src/http/app.ts";
import { createFakeWorld, OWN_ORIGIN } from "./fake-services.ts";
import type { FakeOptions } from "./fake-services.ts";

export interface Call {
  readonly body?: NonNullable<RequestInit["body"]>;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ALICES_BROWSER = { cookie: "who=alice", origin: OWN_ORIGIN };

export function startChats(options: FakeOptions = {}) {
  const world = createFakeWorld(options);
  const app = createApp(world.services);
  /** With exactly these headers. */
  const knock = async (method: string, path: string, { body, headers = {} }: Call = {}): Promise<Response> =>
    app.request(
      new Request(`${OWN_ORIGIN}/api/v1${path}`, {
        method,
        body: body ?? null,
        headers,
        ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
      }),
    );
  /** With Alice's cookie from a page of ours, and these headers besides. */
  const call = (method: string, path: string, { headers, ...rest }: Call = {}): Promise<Response> =>
    knock(method, `/sessions${path}`, {
      ...rest,
      headers: { ...ALICES_BROWSER, "content-type": "application/json", ...headers },
    });
  const askedOf = (what: string): string[] => world.asked.filter((line) => line.startsWith(what));
  return { ...world, app, knock, call, askedOf };
}
