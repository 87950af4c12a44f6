import { expect, test } from "vitest";
import { toHeaderSecrets, toToolResult, type McpResult } from "../../../src/tools/mcp-result.ts";

test.each<[string, McpResult, string]>([
  [
    "texts",
    {
      content: [
        { type: "text", text: "one" },
        { type: "text", text: "two" },
      ],
    },
    "one\n\ntwo",
  ],
  [
    "a picture",
    { content: [{ type: "image", mimeType: "image/png", data: "AAAA" }] },
    "[An image (image/png), which cannot be shown here.]",
  ],
  [
    "a sound",
    { content: [{ type: "audio", mimeType: "audio/wav", data: "AAAA" }] },
    "[A sound (audio/wav), which cannot be shown here.]",
  ],
  [
    "a link",
    { content: [{ type: "resource_link", name: "Notes", uri: "file:///n.md" }] },
    "[A link to Notes: file:///n.md]",
  ],
  [
    "a file of text",
    { content: [{ type: "resource", resource: { uri: "x:/a", text: "inside" } }] },
    "inside",
  ],
  [
    "a file of bytes",
    { content: [{ type: "resource", resource: { uri: "x:/a", blob: "AAAA" } }] },
    "[A file x:/a, which cannot be shown here.]",
  ],
  [
    "something new",
    { content: [{ type: "hologram" }] },
    "[Something of the kind hologram, which cannot be shown here.]",
  ],
  ["values alone", { content: [], structuredContent: { sum: 5 } }, '{"sum":5}'],
  ["values beside text", { content: [{ type: "text", text: "5" }], structuredContent: { sum: 5 } }, "5"],
  ["nothing", { content: [] }, ""],
])("[TL25] of %s a model is told the text", (_kind, result, text) => {
  expect(toToolResult(result, [])).toEqual({ ok: true, value: text });
});

test("[TL25] an error is an error, with its text or without one", () => {
  const content = [{ type: "text", text: "No such page." }];
  expect(toToolResult({ content, isError: true }, [])).toEqual({ ok: false, error: "No such page." });
  expect(toToolResult({ content: [], isError: true }, [])).toMatchObject({
    ok: false,
    error: /did not say why/,
  });
});

test("[TL25] a long text is cut", () => {
  const result = toToolResult({ content: [{ type: "text", text: "x".repeat(100_000) }] }, []);
  expect(result.ok && result.value.length).toBeLessThanOrEqual(65_536);
  expect(result.ok && result.value).toContain("[Cut here: the whole is 100000 bytes");
});

test("[TL27] a header's value is taken out, with its kind and alone, and words of the language are not", () => {
  const secrets = toHeaderSecrets({ authorization: "Bearer abcdef123456", "x-mode": "fast" });
  const text = "You sent Bearer abcdef123456, that is abcdef123456, in fast mode as a Bearer.";
  expect(toToolResult({ content: [{ type: "text", text }] }, secrets)).toEqual({
    ok: true,
    value: "You sent [key], that is [key], in fast mode as a Bearer.",
  });
});
