/**
 * `node scripts/check-architecture.ts`: imports point one way, and cores stay free of the world (ARCHITECTURE.md).
 * It sees every import there is: of values and types, re-exports, `import()` with a literal. What the linter can see
 * (fetch, timers, Date.now in cores) is its part: .oxlintrc.json.
 */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "oxc-parser";

/** A file imports from its own folder and from folders to the left. */
const LAYERS = [
  ...["base", "protocol", "circuit", "providers", "routing", "tools", "knowledge"],
  ...["auth", "billing", "analytics", "session", "ops", "http"],
];

const CHECKED_FOLDERS = ["src", "durable-objects", "schema", "web"];

/** Where one import points: a path in the repository, or a package's name with its subpath. */
type Target = { readonly path: string } | { readonly packageName: string };

/** The layer of a file, its top folder, and whether it may touch the world. */
interface Place {
  readonly path: string;
  readonly top: string;
  /** Null outside src/ and for the files right in it, which wire everything together. */
  readonly layer: string | null;
  readonly isStore: boolean;
  readonly isClient: boolean;
}

function toPlace(path: string): Place {
  const [top = "", layer = "", ...rest] = path.split("/");
  const isInLayer = top === "src" && rest.length > 0;
  return {
    path,
    top,
    layer: isInLayer ? layer : null,
    isStore: isInLayer && rest.some((part) => part === "store" || part === "store.ts"),
    isClient: isInLayer && rest.some((part) => part === "client" || part === "client.ts"),
  };
}

function toTarget(from: string, specifier: string): Target {
  if (!specifier.startsWith(".")) return { packageName: specifier };
  return { path: posix.normalize(posix.join(posix.dirname(from), specifier)) };
}

/** Why this import is not allowed, or null when it is. Both paths are relative to the repository. */
export function explainForbiddenImport(fromPath: string, specifier: string): string | null {
  const from = toPlace(fromPath);
  const target = toTarget(fromPath, specifier);
  if ("packageName" in target) return explainForbiddenPackage(from, target.packageName);
  const to = toPlace(target.path);
  if (from.top === "web" && to.top !== "web" && !target.path.startsWith("src/protocol/")) {
    return "web/ imports only src/protocol/ and packages";
  }
  if (from.top === "schema" && to.top !== "schema") return "schema/ imports only drizzle-orm";
  if (from.top === "durable-objects" && to.top === "src" && (to.layer === "http" || to.layer === null)) {
    return to.layer === null && target.path !== "src/worker.ts"
      ? null
      : "objects do not know src/http/ or the entry";
  }
  if (from.layer === null) return null;
  if (to.top === "schema") return from.isStore || from.isClient ? null : "a core does not know the tables";
  if (to.top !== "src") return `src/${from.layer}/ does not import ${to.top}/`;
  return explainForbiddenLayer(from.layer, to.layer);
}

function explainForbiddenLayer(from: string, to: string | null): string | null {
  if (!LAYERS.includes(from))
    return `src/${from}/ is not in the order of folders (scripts/check-architecture.ts)`;
  if (to === null) return "a subsystem does not know the files that wire it";
  if (!LAYERS.includes(to))
    return `src/${to}/ is not in the order of folders (scripts/check-architecture.ts)`;
  return LAYERS.indexOf(to) <= LAYERS.indexOf(from) ? null : `${to} is to the right of ${from}`;
}

function explainForbiddenPackage(from: Place, name: string): string | null {
  const is = (prefix: string) => name === prefix || name.startsWith(`${prefix}/`);
  if (from.top === "schema") return is("drizzle-orm") ? null : "schema/ imports only drizzle-orm";
  if (from.layer === null) return null;
  if (is("hono")) return from.layer === "http" ? null : "src/http/ is the only folder that knows Hono";
  if (is("drizzle-orm")) return from.isStore ? null : "only store files know the database";
  if (name.startsWith("cloudflare:") || name.startsWith("node:")) {
    return from.isClient || from.isStore ? null : `a core does not import ${name}`;
  }
  return null;
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** Everything in one file that the architecture forbids. `path` is relative to the repository. */
export function findViolations(path: string, source: string): readonly Finding[] {
  const parsed = parseSync(path, source);
  const findings: Finding[] = [];
  const report = (offset: number, text: string) =>
    findings.push({ path, line: source.slice(0, offset).split("\n").length, text });
  const check = (offset: number, specifier: string) => {
    const reason = explainForbiddenImport(path, specifier);
    if (reason !== null) report(offset, `import of "${specifier}": ${reason}`);
  };
  for (const error of parsed.errors) report(0, `cannot be parsed: ${error.message}`);
  for (const each of parsed.module.staticImports) check(each.start, each.moduleRequest.value);
  for (const each of parsed.module.staticExports) {
    const request = each.entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest;
    if (request) check(each.start, request.value);
  }
  const place = toPlace(path);
  const isCore = place.layer !== null && place.layer !== "http" && !place.isStore && !place.isClient;
  new Visitor({
    ImportExpression: (node) => {
      if (node.source.type === "Literal" && typeof node.source.value === "string")
        check(node.start, node.source.value);
      else report(node.start, "import() of something other than a literal cannot be checked");
    },
    TSImportType: (node) => check(node.start, node.source.value),
    NewExpression: (node) => {
      const isDate = node.callee.type === "Identifier" && node.callee.name === "Date";
      if (isCore && isDate && node.arguments.length === 0)
        report(node.start, "a core is given the time: no new Date()");
    },
  }).visit(parsed.program);
  return findings;
}

async function checkAll(root: string): Promise<void> {
  const findings: Finding[] = [];
  let files = 0;
  for (const folder of CHECKED_FOLDERS) {
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      if (!/\.tsx?$/.test(name) || name.endsWith(".d.ts")) continue;
      files += 1;
      findings.push(...findViolations(`${folder}/${name}`, await readFile(join(root, folder, name), "utf8")));
    }
  }
  for (const finding of findings) console.error(`${finding.path}:${finding.line}: ${finding.text}`);
  if (findings.length > 0) process.exitCode = 1;
  else console.log(`Imports of ${files} files point one way.`);
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1] !== undefined && resolve(process.argv[1]) === self)
  await checkAll(dirname(dirname(self)));
