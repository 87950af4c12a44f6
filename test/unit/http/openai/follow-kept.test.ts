/** A kept response's stream as its reader gets it, with the chat's own stream written by hand. */
import { Hono } from "hono";
import { expect, it } from "vitest";
import type { AppEnv } from "../../../../src/http/app-env.ts";
import { KEEP_ALIVE, toBytes, toServerSentEvent } from "../../../../src/base/event-stream.ts";
import type { SessionId } from "../../../../src/base/id.ts";
import { followKept, type FollowedChat } from "../../../../src/http/openai/responses/follow-kept.ts";
import type { KeepDeps } from "../../../../src/http/openai/responses/keep-response.ts";
import { ResponseRequest } from "../../../../src/protocol/openai-responses.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { RECEIPT } from "../../session/answer-fixtures.ts";

it("[HT345] a silent chat is heard of while its answer has nothing to say", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const followed = {
    sessionId: "s_1" as SessionId,
    events: readable,
    server: null,
  } as unknown as FollowedChat;
  const deps = { clock: new VirtualClock(), isSandbox: () => false } as unknown as KeepDeps;
  const request = ResponseRequest.parse({ input: "Hello?", store: true, stream: true });
  const app = new Hono<AppEnv>();
  app.get("/", (context) => followKept(deps, context, request, followed));
  const answer = app.request("/");
  void writer.write(toBytes(KEEP_ALIVE));
  void writer.write(toBytes(toServerSentEvent({ type: "start", messageId: "m1", messageMetadata: RECEIPT })));
  void writer.write(toBytes(toServerSentEvent({ type: "text-delta", id: "text-0", delta: "One" })));
  const reader = (await answer).body?.getReader();
  const read = async (): Promise<string> => new TextDecoder().decode((await reader?.read())?.value);
  expect(await read()).toMatch(/^event: response\.created\n.*"delta":"One"/s);
  void writer.write(toBytes(KEEP_ALIVE));
  expect(await read()).toBe(KEEP_ALIVE);
  void writer.write(toBytes(toServerSentEvent({ type: "text-delta", id: "text-0", delta: " two" })));
  expect(await read()).toContain('"delta":" two"');
  void writer.close();
  expect(await read()).toContain("event: response.failed");
  expect((await reader?.read())?.done).toBe(true);
});
