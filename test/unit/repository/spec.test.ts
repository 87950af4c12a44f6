/** The rules of docs/spec and the titles of tests refer to each other, completely. */
import { expect, test } from "vitest";
import { listTrackedFiles, readTracked } from "./tracked-files.ts";

const RULE = /^- \*\*([A-Z]{2}\d+)\*\* \S/gm;
/** A title, or the table cell that begins one, may name several rules: `[SE1] [SE2] …`. */
const TITLE = /["'`]((?:\[[A-Z]{2}\d+\]\s*)+)/g;
const ID = /[A-Z]{2}\d+/g;

function findIds(source: string): string[] {
  return [...source.matchAll(TITLE)].flatMap((title) => title[1]?.match(ID) ?? []);
}

async function readRules(): Promise<readonly { id: string; path: string }[]> {
  const paths = (await listTrackedFiles()).filter((path) => /^docs\/spec\/.*\.md$/.test(path));
  const files = await Promise.all(
    paths.map(async (path) =>
      [...(await readTracked(path)).matchAll(RULE)].map((rule) => ({ id: rule[1] ?? "", path })),
    ),
  );
  return files.flat();
}

async function readTestedIds(): Promise<ReadonlyMap<string, string>> {
  const paths = (await listTrackedFiles()).filter((path) => /\.test\.tsx?$/.test(path));
  const files = await Promise.all(
    paths.map(async (path) => findIds(await readTracked(path)).map((id): [string, string] => [id, path])),
  );
  return new Map(files.flat());
}

test("[RP1] ids are read from plain, parametrised and template titles, and from the cells of tables", () => {
  // Put together here, or this file would be read as a test of those rules.
  const id = (text: string) => `[${text}]`;
  const source = [
    `test("${id("XX1")} a");`,
    `it.each([["${id("XX2")}", 1]])("%s b");`,
    `test.each([1])("${id("XX3")} ${id("XX4")} c");`,
    `test(\`${id("XX5")} d\`); const text = "see ${id("XX9")}";`,
  ].join("\n");
  expect(findIds(source)).toEqual(["XX1", "XX2", "XX3", "XX4", "XX5"]);
});

test("[RP1] no rule's id is used twice", async () => {
  const ids = (await readRules()).map((rule) => rule.id);
  expect(ids.length).toBeGreaterThan(0);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

test("[RP1] every rule has a test", async () => {
  const tested = await readTestedIds();
  const missing = (await readRules()).filter((rule) => !tested.has(rule.id));
  expect(missing.map((rule) => `${rule.id} (${rule.path})`)).toEqual([]);
});

test("[RP1] every id in a title is a rule", async () => {
  const known = new Set((await readRules()).map((rule) => rule.id));
  const unknown = [...(await readTestedIds())].filter(([id]) => !known.has(id));
  expect(unknown.map(([id, path]) => `${id} (${path})`)).toEqual([]);
});
