/** The document against a validator, the access table, its own examples and the addresses it stands at. */
import { Validator as SpecValidator } from "@seriousme/openapi-schema-validator";
import { Validator } from "@cfworker/json-schema";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { ACCESS_RULES } from "../../../../src/auth/access.ts";
import { createApp } from "../../../../src/http/app.ts";
import { buildDocument } from "../../../../src/http/openapi/build-document.ts";
import { MODEL_CALL_HEADERS, RESPONSE_HEADERS } from "../../../../src/http/openapi/headers.ts";
import { OPERATIONS } from "../../../../src/http/openapi/operations.ts";
import type { MediaDoc, OperationDoc } from "../../../../src/http/openapi/operation.ts";
import { toDocumentPath } from "../../../../src/http/openapi/path-parameters.ts";
import { toRefusalName, toRefusalStatuses } from "../../../../src/http/openapi/refusals.ts";
import { createFakeWorld, LISTED_ORIGIN, OWN_ORIGIN } from "../fake-services.ts";

/** The document as a reader gets it, in the parts that are looked at here. */
const Media = z.object({
  schema: z.unknown(),
  examples: z.record(z.string(), z.object({ summary: z.string(), value: z.unknown() })).optional(),
  example: z.unknown().optional(),
});
const Answer = z.object({
  description: z.string().min(1),
  headers: z.record(z.string(), z.object({ $ref: z.string() })).optional(),
  content: z.record(z.string(), Media).optional(),
});
const Operation = z.object({
  operationId: z.string(),
  summary: z.string().min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(z.object({ name: z.string(), in: z.string() })).optional(),
  requestBody: z.object({ content: z.record(z.string(), Media) }).optional(),
  responses: z.record(z.string(), z.union([z.object({ $ref: z.string() }), Answer])),
});
const Document = z.object({
  openapi: z.string(),
  servers: z.array(z.object({ url: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({
    schemas: z.record(z.string(), z.unknown()),
    responses: z.record(z.string(), Answer),
  }),
});

const built: unknown = JSON.parse(JSON.stringify(buildDocument({ version: "1.2.3", publicUrl: OWN_ORIGIN })));
const document = Document.parse(built);

const nameOf = ({ method, path }: Pick<OperationDoc, "method" | "path">) => `${method} ${path}`;
const shownOf = (operation: OperationDoc) => {
  const shown = document.paths[toDocumentPath(operation.path)]?.[operation.method.toLowerCase()];
  if (shown === undefined) throw new Error(`${nameOf(operation)} is not shown`);
  return shown;
};

describe("the document", () => {
  it("[HT160] is valid OpenAPI 3.1", async () => {
    const { valid, errors } = await new SpecValidator().validate(
      z.record(z.string(), z.unknown()).parse(structuredClone(built)),
    );
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.servers).toEqual([{ url: OWN_ORIGIN }]);
  });

  it("[HT160] is read by anybody, kept for minutes, and not sent again when nothing changed", async () => {
    const app = createApp(createFakeWorld().services);
    const answer = await app.request(`${OWN_ORIGIN}/openapi.json`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
    expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
    expect(Document.parse(await answer.json()).paths["/health"]).toBeDefined();
    const tag = answer.headers.get("etag") ?? "";
    const again = await app.request(`${OWN_ORIGIN}/openapi.json`, { headers: { "if-none-match": tag } });
    expect([tag === "", again.status, await again.text()]).toEqual([false, 304, ""]);
    const wrong = await app.request(`${OWN_ORIGIN}/openapi.json`, { method: "POST" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("[HT282] is kept apart for each origin, also where a program has asked first", async () => {
    const app = createApp(createFakeWorld().services);
    const url = `${OWN_ORIGIN}/openapi.json`;
    const answer = await app.request(url);
    const headers = { "if-none-match": answer.headers.get("etag") ?? "" };
    for (const given of [answer, await app.request(url, { headers })]) {
      expect(given.headers.get("vary")?.toLowerCase()).toContain("origin");
    }
  });

  it("[HT161] describes every route of the access table but better-auth's own, and no other", () => {
    const routes = ACCESS_RULES.filter(({ path }) => !path.startsWith("/api/auth/")).map(nameOf);
    expect(OPERATIONS.map(nameOf).toSorted()).toEqual(routes.toSorted());
    const shown = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(shown.toSorted()).toEqual(
      OPERATIONS.map(({ method, path }) => `${method} ${toDocumentPath(path)}`).toSorted(),
    );
  });

  it("[HT161] says of each who may call it", () => {
    const expected = {
      public: "",
      person: "signIn",
      admin: "signIn",
      "anyone-known": "key keyHeader signIn",
      "known-or-ticket": "key keyHeader signIn ticket",
    };
    for (const rule of ACCESS_RULES.filter(({ path }) => !path.startsWith("/api/auth/"))) {
      const operation = OPERATIONS.find((known) => nameOf(known) === nameOf(rule));
      const schemes = operation === undefined ? [] : shownOf(operation).security.flatMap(Object.keys);
      expect([nameOf(rule), schemes.join(" ")]).toEqual([nameOf(rule), expected[rule.access]]);
    }
  });

  it("[HT161] names each operation once, and every part of its address", () => {
    const ids = OPERATIONS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const operation of OPERATIONS) {
      const parts = [...operation.path.matchAll(/:(\w+)/g)].map(([, name]) => name);
      const shown = (shownOf(operation).parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(shown.map(({ name }) => name)).toEqual(parts);
    }
  });
});

/** Every example of an operation, beside the shape it is an example of. */
function listExamples(operation: OperationDoc): { where: string; media: MediaDoc; value: unknown }[] {
  const contents = [
    operation.body?.content,
    ...Object.values(operation.answers).map(({ content }) => content),
  ];
  return contents.flatMap((content) =>
    Object.values(content ?? {}).flatMap((media) =>
      Object.entries(media.examples ?? {}).map(([name, { value }]) => ({
        where: `${nameOf(operation)} ${name}`,
        media,
        value,
      })),
    ),
  );
}

describe("examples", () => {
  const examples = OPERATIONS.flatMap(listExamples);

  it("[HT162] fit the shapes that check what is sent and answered, and say nothing more", () => {
    expect(examples.length).toBeGreaterThan(30);
    for (const { where, media, value } of examples) {
      const parsed = media.shape?.safeParse(value);
      expect([where, parsed?.error?.issues]).toEqual([where, undefined]);
      expect([where, parsed?.data]).toMatchObject([where, value]);
    }
  });

  it("[HT162] fit the schemas of the document", () => {
    const validate = (where: string, schema: unknown, value: unknown): void => {
      const whole = { ...z.record(z.string(), z.unknown()).parse(schema), components: document.components };
      const { errors } = new Validator(whole, "2020-12").validate(value);
      expect([where, errors]).toEqual([where, []]);
    };
    const check = (where: string, content: z.infer<typeof Answer>["content"]): void => {
      for (const [type, { schema, examples: named, example }] of Object.entries(content ?? {})) {
        for (const { value } of Object.values(named ?? {})) validate(`${where} ${type}`, schema, value);
        if (example !== undefined) validate(`${where} ${type}`, schema, example);
      }
    };
    for (const operation of OPERATIONS) {
      const shown = shownOf(operation);
      check(nameOf(operation), shown.requestBody?.content);
      for (const answer of Object.values(shown.responses)) {
        if (!("$ref" in answer)) check(nameOf(operation), answer.content);
      }
    }
    for (const [name, answer] of Object.entries(document.components.responses)) check(name, answer.content);
  });

  it("[HT162] there is one for every JSON body", () => {
    const without = OPERATIONS.filter(({ body }) => {
      const json = body?.content["application/json"];
      return json !== undefined && Object.keys(json.examples ?? {}).length === 0;
    });
    expect(without.map(nameOf)).toEqual([]);
  });
});

describe("refusals and headers", () => {
  it("[HT163] every operation names its refusals, on its wire", () => {
    for (const rule of ACCESS_RULES.filter(({ path }) => !path.startsWith("/api/auth/"))) {
      const operation = OPERATIONS.find((known) => nameOf(known) === nameOf(rule));
      if (operation === undefined) throw new Error(`${nameOf(rule)} is not described`);
      const { responses } = shownOf(operation);
      const references = Object.entries(responses).flatMap(([status, answer]) =>
        "$ref" in answer ? [[status, answer.$ref.split("/").at(-1)]] : [],
      );
      const statuses = toRefusalStatuses(operation, rule.access).filter(
        (status) => !(status in operation.answers),
      );
      expect([nameOf(rule), references]).toEqual([
        nameOf(rule),
        statuses.map((status) => [String(status), toRefusalName(rule.path, status)]),
      ]);
      if (rule.access !== "public") expect(statuses).toContain(401);
      if (operation.body !== undefined) expect(statuses).toEqual(expect.arrayContaining([400, 413, 415]));
    }
  });

  it("[HT163] every answer has the request id", () => {
    const answers = OPERATIONS.flatMap((operation) => Object.values(shownOf(operation).responses)).concat(
      Object.values(document.components.responses),
    );
    for (const answer of answers) {
      if (!("$ref" in answer)) expect(Object.keys(answer.headers ?? {})).toContain("x-request-id");
    }
    const limited = document.components.responses["openai.429"];
    expect(Object.keys(limited?.headers ?? {})).toContain("retry-after");
  });

  it("[HT163] pages of other origins may read every header that is described", async () => {
    const app = createApp(createFakeWorld().services);
    const answer = await app.request(`${OWN_ORIGIN}/health`, { headers: { origin: LISTED_ORIGIN } });
    const exposed = (answer.headers.get("access-control-expose-headers") ?? "").toLowerCase().split(",");
    // One is readable everywhere, the other means the browser itself.
    const named = Object.keys(RESPONSE_HEADERS).filter(
      (name) => !["cache-control", "www-authenticate"].includes(name),
    );
    expect(exposed.map((name) => name.trim()).toSorted()).toEqual(named.toSorted());
  });

  it("[HT165] a model call says how it streams, and which headers it takes and gives", () => {
    const calls = OPERATIONS.filter(
      ({ tag, answers }) =>
        tag === "Model calls" &&
        Object.values(answers).some(({ content }) => content?.["text/event-stream"] !== undefined),
    );
    expect(calls.length).toBeGreaterThan(0);
    for (const operation of calls) {
      const shown = shownOf(operation);
      const answer = Answer.parse(shown.responses["200"]);
      expect([nameOf(operation), answer.content?.["text/event-stream"]?.schema]).toEqual([
        nameOf(operation),
        { $ref: expect.stringMatching(/^#\/components\/schemas\/\w+Event$/) },
      ]);
      expect(Object.keys(answer.headers ?? {})).toEqual(expect.arrayContaining([...MODEL_CALL_HEADERS]));
      const asked = (shown.parameters ?? []).filter((parameter) => parameter.in === "header");
      expect(asked.map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          "x-breakwater-policy",
          "x-breakwater-timeout-ms",
          "x-breakwater-trace",
          "x-request-id",
        ]),
      );
    }
  });
});

describe("when it is made", () => {
  afterEach(() => {
    vi.doUnmock("../../../../src/http/openapi/build-document.ts");
    vi.resetModules();
  });

  it("[HT164] nothing of it is evaluated before somebody asks, and it is made once", async () => {
    let evaluated = 0;
    let made = 0;
    vi.resetModules();
    vi.doMock("../../../../src/http/openapi/build-document.ts", () => {
      evaluated += 1;
      return { buildDocument: () => ({ made: (made += 1) }) };
    });
    const { createApp: createFresh } = await import("../../../../src/http/app.ts");
    const app = createFresh(createFakeWorld().services);
    await app.request(`${OWN_ORIGIN}/health`);
    expect([evaluated, made]).toEqual([0, 0]);
    for (let count = 0; count < 3; count += 1) await app.request(`${OWN_ORIGIN}/openapi.json`);
    expect([evaluated, made]).toEqual([1, 1]);
  });
});
