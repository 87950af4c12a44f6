/** The pages in docs/clients are true: their programs run, with the versions that they name. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@playwright/test";
import { z } from "zod";
import { findMissing, findPrograms, readClientPages, runProgram } from "./client-programs.ts";
import { E2E_URL } from "./playwright.config.ts";
import { readCredentials } from "./product.ts";
import { e2eStateFolder } from "./start-product.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = await readClientPages();

test("[HT168] programs are found with what they print, and other code is not", () => {
  const text = ["<!-- prints: a -->", "```js run", "one();", "```", "```js", "two();", "```"].join("\n");
  expect(findPrograms("page", text)).toEqual([
    { name: "page 1", language: "js", code: "one();\n", prints: "a" },
  ]);
  // A program whose mark is misspelt would never run.
  for (const page of pages) {
    expect([page.name, page.text.match(/^```\w+ run$/gm)?.length ?? 0]).toEqual([
      page.name,
      page.programs.length,
    ]);
  }
  expect(pages.flatMap(({ programs }) => programs).length).toBeGreaterThan(15);
});

test("[HT168] the packages for Node are installed in the versions that the pages name", async () => {
  const { devDependencies, dependencies } = z
    .object({
      devDependencies: z.record(z.string(), z.string()),
      dependencies: z.record(z.string(), z.string()),
    })
    .parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
  const installed: Readonly<Record<string, string>> = { ...dependencies, ...devDependencies };
  for (const { name, text, programs } of pages) {
    const used = programs
      .filter(({ language }) => language === "js")
      .flatMap(({ code }) => [...code.matchAll(/from "([^"]+)";$/gm)].map(([, specifier = ""]) => specifier));
    for (const specifier of new Set(used)) {
      expect([name, text]).toEqual([
        name,
        expect.stringContaining(`\`${specifier}\` ${installed[specifier]}`),
      ]);
    }
  }
});

for (const program of pages.flatMap(({ programs }) => programs)) {
  test(`[HT168] ${program.name} runs as it stands there (${program.language})`, async () => {
    const missing = await findMissing(program);
    // Python's packages are nothing that npm installs: where they are not, the report names what is missing.
    test.skip(missing !== null, `this machine has no ${missing}`);
    const { apiKey } = await readCredentials(e2eStateFolder());
    const { exitCode, output } = await runProgram(program, { url: E2E_URL, apiKey });
    expect(output).toContain(program.prints);
    expect([exitCode, output]).toEqual([0, output]);
    expect(output).not.toContain(apiKey);
  });
}
