/** The API's documentation: the list, the fields of a shape, the request that is tried, the words of a stream. */
import { describe, expect, it } from "vitest";
import { buildDocument } from "../../../src/http/openapi/build-document.ts";
import { ApiDocument, findOperations, toGroups, type ApiOperation } from "../../../web/docs/api-document.ts";
import { readEventText } from "../../../web/docs/event-text.ts";
import { listChoices, listFields, readHint, toTypeWords } from "../../../web/docs/schema-field.ts";
import {
  hasCommand,
  toCurl,
  toObstacle,
  toTryRequest,
  type TryInput,
} from "../../../web/docs/try-request.ts";

const built: unknown = JSON.parse(
  JSON.stringify(buildDocument({ version: "1.2.3", publicUrl: "https://breakwater.example" })),
);
const document = ApiDocument.parse(built);
const groups = toGroups(document);
const operations = groups.flatMap((group) => group.operations);
const { schemas } = document.components;

function operationOf(id: string): ApiOperation {
  const operation = operations.find((known) => known.id === id);
  if (operation === undefined) throw new Error(`there is no operation ${id}`);
  return operation;
}

const NOTHING: TryInput = { values: {}, body: null, mediaType: null, key: "" };
const KEY = "bw_a-key-of-somebody";
const ORIGIN = "https://breakwater.example";

describe("the list", () => {
  it("[WB75] has every operation of the document once, under its subject", () => {
    const all = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map((operation) => (operation as { operationId: string }).operationId),
    );
    expect(operations.map(({ id }) => id).toSorted()).toEqual(all.toSorted());
    for (const group of groups) {
      expect(group.description).not.toBe("");
      for (const operation of group.operations) expect(operation.tag).toBe(group.tag);
    }
  });

  it("[WB75] is searched by any words of method, address, name or summary", () => {
    const idsOf = (search: string) =>
      findOperations(groups, search).flatMap((group) => group.operations.map(({ id }) => id));
    expect(idsOf("")).toHaveLength(operations.length);
    expect(idsOf("delete SHARE")).toEqual(["revokeShare"]);
    expect(idsOf("/health")).toEqual(["readHealth", "readRouterHealth"]);
    expect(idsOf("listselections")).toEqual(["listSelections"]);
    expect(idsOf("no such thing")).toEqual([]);
  });

  it("[WB75] shows what references lead to: refusals with their shape, headers with their words", () => {
    const refusal = operationOf("createSession").answers.find(({ status }) => status === "413");
    expect(refusal?.description).toMatch(/limit/);
    expect(Object.keys(refusal?.content ?? {})).toEqual(["application/problem+json"]);
    expect(refusal?.headers).toEqual([{ name: "x-request-id", description: expect.stringMatching(/log/) }]);
    const { frames } = operationOf("openSocket");
    expect([toTypeWords(frames?.client), toTypeWords(frames?.server)]).toEqual([
      "LiveClientFrame",
      "LiveServerFrame",
    ]);
  });
});

describe("a request to try", () => {
  it("[WB76] is made of what was filled in, escaped", () => {
    const outcome = toTryRequest(operationOf("listMessages"), {
      ...NOTHING,
      values: { "path.sessionId": "a b?", "query.limit": "5", "query.before": " " },
      key: KEY,
    });
    expect(outcome).toEqual({
      ok: true,
      request: {
        method: "GET",
        path: "/api/v1/sessions/a%20b%3F/messages?limit=5",
        headers: { authorization: `Bearer ${KEY}` },
        body: null,
        withCookie: false,
      },
    });
  });

  it("[WB76] says at its field what is missing or wrong", () => {
    const ask = operationOf("createChatCompletion");
    const tried = (operation: ApiOperation, input: Partial<TryInput>) => {
      const outcome = toTryRequest(operation, { ...NOTHING, ...input });
      return outcome.ok ? "sent" : outcome.field;
    };
    expect(tried(operationOf("listMessages"), {})).toBe("path.sessionId");
    expect(tried(ask, { body: "{}" })).toBe("key");
    expect(tried(ask, { body: "{}", key: "two words" })).toBe("key");
    expect(tried(ask, { body: "{", key: KEY })).toBe("body");
    expect(tried(ask, { body: "  ", key: KEY })).toBe("body");
    expect(tried(ask, { body: "{}", key: KEY })).toBe("sent");
    expect(tried(operationOf("createSession"), { body: "", key: KEY })).toBe("sent");
  });

  it("[WB76] what cannot be tried on a page says why", () => {
    expect(toObstacle(operationOf("openSocket"))).toMatch(/WebSocket/);
    expect(toObstacle(operationOf("attachFile"))).toMatch(/file/);
    expect(toObstacle(operationOf("createKey"))).toMatch(/people/);
    for (const id of ["readMe", "createChatCompletion", "deleteSession", "listCircuits"]) {
      expect(toObstacle(operationOf(id))).toBeNull();
    }
    expect(toTryRequest(operationOf("openSocket"), { ...NOTHING, key: KEY }).ok).toBe(false);
  });

  it("[WB77] without a key only reading goes out, with the cookie; for people's own, never a key", () => {
    for (const operation of operations) {
      const values = Object.fromEntries(
        operation.parameters
          .filter(({ required }) => required === true)
          .map(({ in: place, name }) => [`${place}.${name}`, "x"]),
      );
      for (const key of ["", KEY]) {
        const outcome = toTryRequest(operation, { ...NOTHING, values, body: "{}", key });
        if (!outcome.ok) continue;
        const { request } = outcome;
        const hasKey = request.headers["authorization"] !== undefined;
        expect([operation.id, request.withCookie && hasKey]).toEqual([operation.id, false]);
        if (request.withCookie) expect([operation.id, request.method]).toEqual([operation.id, "GET"]);
        if (request.method !== "GET") expect([operation.id, hasKey]).toEqual([operation.id, true]);
        if (operation.access === "admin" || operation.access === "person") expect(hasKey).toBe(false);
        expect(request.path).not.toContain(KEY);
      }
    }
  });

  it("[WB77] the command that is shown has a variable in place of the key, and quotes the rest", () => {
    const command = toCurl(
      operationOf("createChatCompletion"),
      { ...NOTHING, key: KEY, body: '{ "a": "it\'s" }', mediaType: "application/json" },
      ORIGIN,
    );
    expect(command).not.toContain(KEY);
    expect(command).toContain(`curl -X POST '${ORIGIN}/v1/chat/completions'`);
    expect(command).toContain('-H "authorization: Bearer $BREAKWATER_KEY"');
    expect(command).toContain(`-d '{"a":"it'\\''s"}'`);
    expect(
      ["createChatCompletion", "readMe", "listCircuits", "openSocket"].map((id) =>
        hasCommand(operationOf(id)),
      ),
    ).toEqual([true, false, false, false]);
    expect(toCurl(operationOf("readHealth"), NOTHING, ORIGIN)).toBe(`curl '${ORIGIN}/health'`);
  });
});

describe("the words of a stream", () => {
  it.each([
    ["OpenAI's chunks", ['{"choices":[{"delta":{"content":"a b"}}]}', '{"choices":[]}', "[DONE]"]],
    [
      "Anthropic's events",
      [
        '{"type":"content_block_delta","delta":{"type":"text_delta","text":"a "}}',
        '{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}}',
        '{"type":"content_block_delta","delta":{"type":"text_delta","text":"b"}}',
      ],
    ],
    [
      "OpenAI's Responses",
      ['{"type":"response.output_text.delta","delta":"a b"}', '{"type":"response.completed"}'],
    ],
    [
      "AI SDK's chunks",
      ['{"type":"text-delta","id":"1","delta":"a b"}', '{"type":"reasoning-delta","delta":"hm"}'],
    ],
  ])("[WB78] %s are read, whatever has not wholly arrived is not", (_wire, events) => {
    const text = events.map((event) => `event: x\ndata: ${event}\n\n`).join("");
    expect(readEventText(text)).toBe("a b");
    expect(readEventText(`${text}data: {"choices":[{"del`)).toBe("a b");
  });
});

describe("the fields of a shape", () => {
  const fieldsOf = (schema: unknown, components = {}) => listFields(schema, components);

  it("[WB79] have their kind, their limits, and whether they are required", () => {
    const schema = {
      type: "object",
      required: ["name"],
      properties: {
        name: { type: "string", minLength: 1, maxLength: 200, description: "What it is called." },
        count: { type: "integer", minimum: -9007199254740991, maximum: 10, default: 3 },
        at: { anyOf: [{ type: "string", format: "date-time" }, { type: "null" }] },
        kind: { enum: ["a", "b"] },
      },
    };
    expect(
      fieldsOf(schema).map(({ name, type, isRequired, notes }) => [name, type, isRequired, notes]),
    ).toEqual([
      ["name", "string", true, ["1 to 200 characters"]],
      ["count", "integer", false, ["at most 10", "default 3"]],
      ["at", "date-time or null", false, []],
      ["kind", '"a" or "b"', false, []],
    ]);
  });

  it("[WB79] of a union are its kinds, named by what tells them apart", () => {
    const of = (type: string) => ({
      type: "object",
      properties: { type: { const: type }, x: { type: "string" } },
    });
    const kinds = fieldsOf({ anyOf: [of("text"), of("image"), { type: "string" }] });
    expect(kinds.map(({ name }) => name)).toEqual(["type: text", "type: image", "string"]);
    expect(kinds[0]?.readChildren?.().map(({ name }) => name)).toEqual(["type", "x"]);
  });

  it("[WB79] of a shape that holds itself are opened as far as one goes", () => {
    const components = {
      Tree: {
        type: "object",
        properties: { leaves: { type: "array", items: { $ref: "#/components/schemas/Tree" } } },
      },
    };
    let fields = fieldsOf({ $ref: "#/components/schemas/Tree" }, components);
    for (let depth = 0; depth < 20; depth += 1) {
      expect(fields.map(({ name, type }) => [name, type])).toEqual([["leaves", "array of Tree"]]);
      fields = fields[0]?.readChildren?.() ?? [];
    }
  });

  it("[WB79] a shape that holds nothing but itself has no end to look for", () => {
    const components = { Loop: { type: "array", items: { $ref: "#/components/schemas/Loop" } } };
    expect(fieldsOf({ $ref: "#/components/schemas/Loop" }, components)).toEqual([]);
  });

  it("[WB79] every shape of the document can be opened to its end", () => {
    const open = (schema: unknown, depth: number): number =>
      depth > 12
        ? 0
        : listFields(schema, schemas).reduce((sum, field) => {
            const children = field.readChildren?.() ?? [];
            expect(field.name).not.toBe("");
            expect(field.type).not.toBe("");
            return sum + 1 + children.length;
          }, 0);
    for (const schema of Object.values(schemas)) expect(open(schema, 0)).toBeGreaterThanOrEqual(0);
  });

  it("[WB76] a field with choices offers them, and one with an example shows it", () => {
    const parameterOf = (id: string, name: string) =>
      operationOf(id).parameters.find((parameter) => parameter.name === name)?.schema;
    expect(listChoices(parameterOf("exportSession", "format"), schemas)).toEqual(["json", "markdown"]);
    expect(listChoices(parameterOf("listSessions", "limit"), schemas)).toEqual([]);
    expect(readHint(parameterOf("readSession", "sessionId"))).toMatch(/^chat_/);
  });
});
