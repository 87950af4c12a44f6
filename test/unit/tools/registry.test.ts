import { expect, test } from "vitest";
import { BUILT_IN_TOOLS } from "../../../src/tools/built-in/built-in-tools.ts";
import { createToolRegistry } from "../../../src/tools/registry.ts";
import { toTool } from "./tool-world.ts";

test("[TL1] tools are found by their names, and others are not", () => {
  const registry = createToolRegistry([toTool({ name: "one" }), toTool({ name: "docs__two-2" })]);
  expect(registry.ok && registry.value.find("docs__two-2")?.name).toBe("docs__two-2");
  expect(registry.ok && registry.value.find("constructor")).toBeNull();
});

test.each(["", "with space", "ümlaut", "a.b", "x".repeat(65)])("[TL1] the name %j is refused", (name) => {
  const registry = createToolRegistry([toTool({ name })]);
  expect(registry).toMatchObject({ ok: false, error: expect.stringContaining("1 to 64 letters") });
});

test("[TL1] a name that is there twice is refused", () => {
  const registry = createToolRegistry([toTool({ name: "one" }), toTool({ name: "one" })]);
  expect(registry).toEqual({ ok: false, error: "There are two tools with the name one." });
});

test("[TL1] the tools of our own have names that every provider takes", () => {
  expect(createToolRegistry(BUILT_IN_TOOLS).ok).toBe(true);
});

test("[TL2] models are told names, descriptions and schemas in the order of the list", () => {
  const registry = createToolRegistry([...BUILT_IN_TOOLS, toTool({ name: "last" })]);
  expect(registry.ok && registry.value.definitions.map(({ name }) => name)).toEqual([
    "current_time",
    "calculator",
    "last",
  ]);
  expect(registry.ok && registry.value.definitions[0]).toMatchObject({
    type: "function",
    inputSchema: {
      type: "object",
      properties: { timeZone: { type: "string" } },
      additionalProperties: false,
    },
  });
});
