/** A kept response's stream as its reader gets it, with the chat's own stream written by hand. */
import { Hono } from "hono";
import { expect, it } from "vitest";
import type { AppEnv } from "../../../../src/http/app-env.ts";
import { KEEP_ALIVE, toBytes, toServerSentEvent } from "../../../../src/base/event-stream.ts";
import type { SessionId } from "../../../../src/base/id.ts";
import { getKept } from "../../../../src/http/openai/responses/get-kept.ts";
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

it("[HT354] a kept response is read in one piece, and whoever wants it otherwise is told so", async () => {
  const app = new Hono<AppEnv>();
  app.get("/:id", (context) => getKept({} as KeepDeps, context, context.req.param("id")));
  const paramOf = async (query: string): Promise<unknown> => {
    const answer = await app.request(`/resp_none?${query}`);
    return [answer.status, await answer.json()];
  };
  for (const [query, param] of [
    ["stream=true", "stream"],
    ["include[]=message.output_text.logprobs", "include"],
    ["stream=false&starting_after=3", "starting_after"],
  ] as const) {
    expect(await paramOf(query)).toMatchObject([400, { error: { param, code: "invalid_request" } }]);
  }
  for (const query of ["", "stream=false&include_obfuscation=false"]) {
    expect(await paramOf(query)).toMatchObject([404, { error: { code: "response_not_found" } }]);
  }
});
