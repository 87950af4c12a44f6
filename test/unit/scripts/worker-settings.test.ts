/** What the local Worker is told, from where, and that it arrives unchanged. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { unstable_getVarsForDev as readByWrangler } from "wrangler";
import { z } from "zod";
import { findOllama } from "../../../scripts/serve/find-ollama.ts";
import {
  collectUserSettings,
  formatEnvFile,
  hasRealKeys,
  toWorkerSettings,
} from "../../../scripts/serve/worker-settings.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const OWN = {
  url: "http://127.0.0.1:8787",
  port: 8787,
  version: "1.0.0",
  authSecret: "secret-of-the-state",
  sandboxUrl: "http://127.0.0.1:9",
  ollama: null,
};

test("[CM4] the environment wins over .dev.vars, and a blank value over nobody", () => {
  const settings = collectUserSettings(
    { PLATFORM_OPENAI_KEY: "from-file", PLATFORM_GOOGLE_KEY: "from-file", RESEND_KEY: "file-only" },
    {
      PLATFORM_OPENAI_KEY: "from-environment",
      PLATFORM_GOOGLE_KEY: "",
      RESEND_KEY: "not ours",
      HOME: "/somewhere",
    },
  );
  expect(settings).toEqual({
    PLATFORM_OPENAI_KEY: "from-environment",
    PLATFORM_GOOGLE_KEY: "from-file",
    RESEND_KEY: "file-only",
  });
});

test("[CM4] every provider's names are taken from the environment", () => {
  const names = [
    ...["ANTHROPIC", "OPENAI", "GOOGLE", "DEEPSEEK"].flatMap((name) => [
      `PLATFORM_${name}_KEY`,
      `${name}_BASE_URL`,
    ]),
    ...["OLLAMA_BASE_URL", "OLLAMA_MODELS", "COMPATIBLE_BASE_URL", "COMPATIBLE_KEY", "COMPATIBLE_MODELS"],
  ];
  const environment = Object.fromEntries(names.map((name) => [name, "x"]));
  expect(collectUserSettings({}, environment)).toEqual(environment);
});

test("[CM4] where the product runs is not a user's setting, what it is called with is", () => {
  const user = {
    PUBLIC_URL: "https://elsewhere.example",
    ENVIRONMENT: "production",
    AUTH_SECRET: "their own",
  };
  expect(toWorkerSettings(user, OWN)).toMatchObject({
    PUBLIC_URL: OWN.url,
    ENVIRONMENT: "local",
    AUTH_SECRET: "their own",
    SANDBOX_URL: OWN.sandboxUrl,
    ALLOWED_ORIGINS: "http://localhost:8787",
  });
  expect(toWorkerSettings({}, { ...OWN, sandboxUrl: null })).not.toHaveProperty("SANDBOX_URL");
});

test("[CM5] a real key keeps the sandbox away, an address or another key does not", () => {
  expect(hasRealKeys({ PLATFORM_DEEPSEEK_KEY: "k" })).toBe(true);
  expect(hasRealKeys({ OPENAI_BASE_URL: "http://127.0.0.1:1/v1", COMPATIBLE_KEY: "k" })).toBe(false);
});

const Variables = z.record(z.string(), z.object({ value: z.string() }));
/** What dotenv files treat in a way of their own, and some that they do not. */
const CHARACTERS = "aB1 $\\'\"`#={}()nrt~%".split("");

/** Whether it is refused instead; the rule is about the others. */
function isWritable(text: string): boolean {
  try {
    return formatEnvFile({ VALUE: text }) !== "";
  } catch {
    return false;
  }
}

test("[CM6] wrangler reads from the file exactly what was put into it", async () => {
  const folder = await makeTemporaryFolder();
  const values = fc.uniqueArray(fc.string({ unit: fc.constantFrom(...CHARACTERS) }), { maxLength: 40 });
  let written = 0;
  for (const [index, texts] of fc.sample(values, { numRuns: 400, seed: 20 }).entries()) {
    const settings: Record<string, string> = {};
    for (const [place, text] of texts.entries()) {
      if (isWritable(text)) settings[`VALUE_${place}`] = text;
    }
    const file = join(folder, `${index}.env`);
    await writeFile(file, formatEnvFile(settings));
    const read = Variables.parse(readByWrangler(undefined, [file], {}, undefined, true));
    const readValues = Object.fromEntries(Object.entries(read).map(([name, each]) => [name, each.value]));
    expect(readValues).toEqual(settings);
    written += Object.keys(settings).length;
  }
  expect(written).toBeGreaterThan(200);
});

test.each([["two\nlines"], ["all ' of \" the ` marks"], ["ends with \\"]])(
  "[CM6] %j is refused by its name",
  (value) => {
    expect(() => formatEnvFile({ PLATFORM_OPENAI_KEY: value })).toThrow(/^PLATFORM_OPENAI_KEY has/);
    expect(() => formatEnvFile({ PLATFORM_OPENAI_KEY: value })).not.toThrow(value);
  },
);

const answer = (body: unknown) => () => Promise.resolve(Response.json(body));

test("[CM11] Ollama's models are offered", async () => {
  const ollama = await findOllama(answer({ models: [{ name: "llama3.2:3b" }, { name: "qwen3" }] }));
  expect(ollama).toEqual({ url: "http://127.0.0.1:11434", models: ["llama3.2:3b", "qwen3"] });
  expect(toWorkerSettings({}, { ...OWN, ollama })).toMatchObject({
    OLLAMA_BASE_URL: "http://127.0.0.1:11434/v1",
    OLLAMA_MODELS: "llama3.2:3b,qwen3",
  });
});

test.each([
  ["nothing answers", () => Promise.reject(new TypeError("fetch failed"))],
  ["it is another server", answer({ hello: "world" })],
  ["it is no JSON", () => Promise.resolve(new Response("<html>"))],
  ["it has no models", answer({ models: [] })],
])("[CM11] nothing is offered when %s", async (_case, fetchUrl) => {
  expect(await findOllama(fetchUrl)).toBeNull();
});
