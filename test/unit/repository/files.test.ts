/** What holds for every file: links lead somewhere, and nothing is about one particular machine. */
import { access } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { listTrackedFiles, readTracked, ROOT } from "./tracked-files.ts";

const LINK = /\]\((?!#)([^)\s]+)(?:\s+"[^"]*")?\)/g;
const CODE = /```[\s\S]*?```|`[^`\n]*`/g;
const HTML_SOURCE = /<(?:img|a|source)\b[^>]*?\b(?:src|href)="([^"]+)"/g;

/** Where the relative links of a Markdown text lead, from the repository's root; links into the web are left out. */
function findRelativeLinks(path: string, markdown: string): string[] {
  const text = markdown.replaceAll(CODE, "");
  return [...text.matchAll(LINK), ...text.matchAll(HTML_SOURCE)]
    .map((link) => link[1] ?? "")
    .filter((target) => !/^[a-z]+:|^#/.test(target))
    .map((target) => normalize(join(dirname(path), decodeURIComponent(target.split("#")[0] ?? ""))));
}

async function exists(path: string): Promise<boolean> {
  return access(join(ROOT, path)).then(
    () => true,
    () => false,
  );
}

test("[RP2] links are found, and those into the web or in code are not", () => {
  const text = '[a](b.md#c) [d](https://e.example/) `[f](g.md)` ![h](../i.png "j") <img src="k.png">';
  expect(findRelativeLinks("docs/x.md", text)).toEqual(["docs/b.md", "i.png", "docs/k.png"]);
});

test("[RP2] no relative link is broken", async () => {
  const paths = (await listTrackedFiles()).filter((path) => path.endsWith(".md"));
  const broken: string[] = [];
  for (const path of paths) {
    for (const target of findRelativeLinks(path, await readTracked(path))) {
      if (!(await exists(target))) broken.push(`${path}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

/** Home folders, mounted workplaces and drive letters, as they look on any machine. */
const MACHINE_PATH =
  /(?<![\w.~$}/-])(?:\/(?:home|Users|root|work|workspace|mnt|media|private)\/[\w.-]+|[A-Z]:\\Users\\)/;
const BINARY = /\.(?:png|jpe?g|gif|webp|ico|woff2?|gz|sqlite)$/;

test("[RP3] a machine's path is known when it is seen, and an address is not one", () => {
  const bad = ["/home", "/Users", "/root"].map((folder) => `open ${folder}/someone/x.ts`);
  for (const text of bad) expect(text).toMatch(MACHINE_PATH);
  for (const text of ["https://x.example/home/page", "./work/x", "/v1/models"])
    expect(text).not.toMatch(MACHINE_PATH);
});

test("[RP3] no file holds a path of one particular machine", async () => {
  const found: string[] = [];
  for (const path of await listTrackedFiles()) {
    if (BINARY.test(path)) continue;
    const lines = (await readTracked(path)).split("\n");
    for (const [index, line] of lines.entries())
      if (MACHINE_PATH.test(line)) found.push(`${path}:${index + 1}: ${line.trim()}`);
  }
  expect(found).toEqual([]);
});
