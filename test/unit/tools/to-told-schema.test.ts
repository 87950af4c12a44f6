import type { JSONSchema7 } from "@ai-sdk/provider";
import { expect, test } from "vitest";
import { BUILT_IN_TOOLS } from "../../../src/tools/built-in/built-in-tools.ts";
import { createToolRegistry } from "../../../src/tools/registry.ts";
import { toToldSchema } from "../../../src/tools/to-told-schema.ts";
import { toTool } from "./tool-world.ts";

const text = { type: "string" } as const;
const count = { type: "number" } as const;

test("[TL37] a choice between schemas at the top is told as all that may be given, and an object has properties", () => {
  expect(toToldSchema({ type: "object" })).toEqual({ type: "object", properties: {} });
  expect(
    toToldSchema({
      type: "object",
      description: "One of both.",
      properties: { id: text },
      required: ["id"],
      anyOf: [{ required: ["url"] }, { properties: { url: text, id: count }, required: ["url"] }],
      oneOf: [{ properties: { page: count } }, true],
      allOf: [{ $ref: "#/$defs/other" }],
      not: { required: ["no"] },
      $defs: { other: { type: "object" } },
    }),
  ).toEqual({
    type: "object",
    description: "One of both.",
    properties: { id: text, url: text, page: count },
    required: ["id"],
    $defs: { other: { type: "object" } },
  });
});

test("[TL37] what every provider takes is told as it is, and the tool keeps its own schema", () => {
  for (const { inputSchema } of BUILT_IN_TOOLS) expect(toToldSchema(inputSchema)).toEqual(inputSchema);
  const tool = toTool({ inputSchema: { type: "object", anyOf: [{ properties: { url: text } }] } });
  const registry = createToolRegistry([tool]);
  expect(registry).toMatchObject({
    value: { definitions: [{ inputSchema: { type: "object", properties: { url: text } } }], tools: [tool] },
  });
});

test("[TL44] a choice between definitions is told as all that they may be given", () => {
  const $defs: Record<string, JSONSchema7> = {
    circle: { type: "object", properties: { radius: count }, required: ["radius"] },
    "a/square": { type: "object", properties: { side: count }, allOf: [{ $ref: "#/$defs/named" }] },
    named: { properties: { name: text }, oneOf: [{ $ref: "#/$defs/a~1square" }] },
  };
  const told = toToldSchema({
    oneOf: [{ $ref: "#/$defs/circle" }, { $ref: "#/$defs/a~1square" }, { $ref: "https://example.com/x" }],
    $defs,
  });
  expect(told).toEqual({
    type: "object",
    properties: { radius: count, side: count, name: text },
    $defs,
  });
});

test("[TL44] a schema that is a reference alone is told with what it refers to", () => {
  const definitions: Record<string, JSONSchema7> = {
    Search: { type: "object", properties: { q: text }, required: ["q"] },
  };
  expect(toToldSchema({ $ref: "#/definitions/Search", definitions })).toEqual({
    type: "object",
    properties: { q: text },
    required: ["q"],
    definitions,
  });
  expect(toToldSchema({ $ref: "#" })).toEqual({ type: "object", properties: {} });
});
