/** A kept response's stream as its reader gets it, with the chat's own stream written by hand. */
import { Hono } from "hono";
import { expect, it } from "vitest";
import { z } from "zod";
import type { AppEnv } from "../../../../src/http/app-env.ts";
import { KEEP_ALIVE, toBytes, toServerSentEvent } from "../../../../src/base/event-stream.ts";
import type { SessionId } from "../../../../src/base/id.ts";
import { getKept } from "../../../../src/http/openai/responses/get-kept.ts";
import { followKept, type FollowedChat } from "../../../../src/http/openai/responses/follow-kept.ts";
import type { KeepDeps } from "../../../../src/http/openai/responses/keep-response.ts";
import type { AnswerChunk } from "../../../../src/protocol/answer-chunk.ts";
import type { Receipt } from "../../../../src/protocol/answer.ts";
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

/** What a caller is told of an answer that ended without a word. */
async function refusalOf(ended: Partial<Receipt>, stream: boolean): Promise<unknown[]> {
  const answer = await refused(ended, stream);
  const { error } = z.object({ error: z.object({ code: z.string() }) }).parse(await answer.json());
  return [answer.status, error.code, answer.headers.get("retry-after")];
}

async function refused(ended: Partial<Receipt>, stream: boolean): Promise<Response> {
  const messageMetadata: Receipt = { ...RECEIPT, status: "failed", notice: "No answer came.", ...ended };
  const chunks: AnswerChunk[] = [
    { type: "start", messageId: "m1", messageMetadata: RECEIPT },
    { type: "message-metadata", messageMetadata },
    { type: "error", errorText: "No answer came." },
  ];
  const events = new Response(chunks.map((chunk) => toServerSentEvent(chunk)).join("")).body;
  const followed = { sessionId: "s_1" as SessionId, events, server: null } as unknown as FollowedChat;
  const deps = { clock: new VirtualClock(), isSandbox: () => false } as unknown as KeepDeps;
  const request = ResponseRequest.parse({ input: "Hello?", store: true, stream });
  const app = new Hono<AppEnv>();
  app.get("/", (context) => followKept(deps, context, request, followed));
  return app.request("/");
}

it.each([
  ["rate-limited", 429, "rate_limit_exceeded", 19_001, "20"],
  ["model-not-found", 404, "model_not_found", null, null],
  ["bad-request", 400, "bad_request", null, null],
  ["context-too-long", 400, "context_length_exceeded", null, null],
  ["content-refused", 400, "content_refused", null, null],
  ["timeout", 504, "timeout", null, null],
  ["overloaded", 503, "all_providers_failed", 5_000, "5"],
  ["a kind of a later version", 503, "all_providers_failed", null, null],
])("[HT375] a kept response that ends with %s is %i", async (kind, status, code, retryAfterMs, header) => {
  for (const stream of [false, true]) {
    const told = await refusalOf({ failure: { kind, retryAfterMs } }, stream);
    expect(told).toEqual([status, code, header]);
  }
});

it("[HT114] [HT375] one that does not say what failed is 503, one that broke off or was stopped is 502", async () => {
  for (const stream of [false, true]) {
    expect(await refusalOf({}, stream)).toEqual([503, "all_providers_failed", null]);
    for (const status of ["incomplete", "cancelled"] as const)
      expect(await refusalOf({ status }, stream)).toEqual([502, "incomplete_answer", null]);
  }
});

it("[HT376] a client is told not to ask again for what was stopped in its chat, and may for what broke off", async () => {
  for (const stream of [false, true]) {
    const header = async (status: Receipt["status"]): Promise<string | null> =>
      (await refused({ status }, stream)).headers.get("x-should-retry");
    expect([await header("cancelled"), await header("incomplete"), await header("failed")]).toEqual([
      "false",
      null,
      null,
    ]);
  }
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
