/** How a request names its policy, at the door for programs and on a chat's socket. */
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { OrganizationIdText, UserIdText, type Principal } from "../../../../src/auth/principal.ts";
import type { AppEnv } from "../../../../src/http/app-env.ts";
import { createOpenAiRoutes } from "../../../../src/http/openai/routes.ts";
import { SendBody } from "../../../../src/protocol/session-frame.ts";
import type { AnswerInput } from "../../../../src/routing/run-answer.ts";
import { RecordingLog } from "../../../fakes/recording-log.ts";
import { VirtualClock } from "../../../fakes/virtual-clock.ts";
import { createFakeWorld } from "../../http/fake-services.ts";
import { RECORD, toEnd } from "../../session/answer-fixtures.ts";

const PRINCIPAL: Principal = {
  kind: "api-key",
  keyId: "key_1",
  userId: UserIdText.parse("user_1"),
  organizationId: OrganizationIdText.parse("org_1"),
  role: "member",
};

function createDoor() {
  const inputs: AnswerInput[] = [];
  const clock = new VirtualClock();
  const routes = createOpenAiRoutes({
    clock,
    idSource: { nowMs: () => clock.nowMs(), randomBytes: (length) => new Uint8Array(length) },
    catalog: { providers: [], classes: [], targets: [], wires: new Map() },
    resolveModels: (requested) => ({ ok: true, value: { requested, unspecified: false, models: [] } }),
    runAnswer: async function* (input) {
      inputs.push(input);
      yield [];
      return { end: toEnd(), record: RECORD };
    },
    runEmbedding: () => {
      throw new Error("nobody asked for embeddings");
    },
    hasEmbeddings: () => false,
    chats: createFakeWorld().services,
    saveSelection: () => {},
    openPipe: () => new TransformStream<Uint8Array, Uint8Array>(),
    log: new RecordingLog(),
    answerCache: {
      find: () => Promise.resolve(null),
      save: () => Promise.resolve(),
      deleteExpired: () => Promise.resolve(0),
    },
    responseItems: {
      find: () => Promise.resolve([]),
      save: () => Promise.resolve(),
      deleteExpired: () => Promise.resolve(0),
    },
    isSandbox: () => false,
    waitUntil: () => {},
  });
  const app = new Hono<AppEnv>();
  app.use(async (context, next) => {
    context.set("requestId", "req_1");
    context.set("log", new RecordingLog());
    context.set("principal", PRINCIPAL);
    await next();
  });
  app.route("/v1", routes);
  const ask = (body: object, headers: Record<string, string> = {}) =>
    app.request("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ messages: [{ role: "user", content: "Hello" }], ...body }),
    });
  return { ask, inputs };
}

const HEADER = "x-breakwater-policy";

describe("a request's policy", () => {
  it.each([
    { name: "nowhere", body: {}, headers: {}, policy: null },
    { name: "in the body", body: { policy: "cost" }, headers: {}, policy: "cost" },
    { name: "in the header", body: {}, headers: { [HEADER]: "latency" }, policy: "latency" },
    { name: "in both", body: { policy: "cost" }, headers: { [HEADER]: "latency" }, policy: "cost" },
  ])("[RT60] named $name it is $policy", async ({ body, headers, policy }) => {
    const door = createDoor();
    const response = await door.ask(body, headers);
    expect(response.status).toBe(200);
    expect(door.inputs).toMatchObject([{ policy }]);
  });

  it("[RT60] an unknown name is refused, in the body and in the header", async () => {
    const door = createDoor();
    const byHeader = await door.ask({}, { [HEADER]: "cheapest" });
    expect(byHeader.status).toBe(400);
    expect(await byHeader.json()).toEqual({
      error: {
        message:
          "x-breakwater-policy: there is no such policy; name one of priority, cost, latency, balanced.",
        type: "invalid_request_error",
        param: HEADER,
        code: "invalid_request",
      },
    });
    const byBody = await door.ask({ policy: "cheapest" });
    expect(byBody.status).toBe(400);
    expect(await byBody.json()).toMatchObject({ error: { param: "policy" } });
    expect(door.inputs).toEqual([]);
  });

  it("[RT60] a chat's `send` may name one too", () => {
    expect(SendBody.parse({ model: "fast", policy: "balanced" }).policy).toBe("balanced");
    expect(SendBody.parse({ model: "fast" }).policy).toBeUndefined();
    expect(SendBody.safeParse({ policy: "cheapest" }).success).toBe(false);
  });
});
