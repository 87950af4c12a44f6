/** The programs in docs/clients: found in the pages, and run as they stand there. */
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const PAGES = join(root, "docs", "clients");
/** Below the repository, so that Node finds the packages that are installed there. */
const WORK = join(root, "test-results", "clients");
/** A dozen answers of the sandbox and the start of a heavy package. */
const RUNS_AT_MOST_MS = 45_000;

export type Language = "js" | "python" | "sh";

export interface ClientProgram {
  /** The page's name and the program's place in it. */
  readonly name: string;
  readonly language: Language;
  readonly code: string;
  /** What its output must have. */
  readonly prints: string;
}

export interface ClientPage {
  readonly name: string;
  readonly text: string;
  readonly programs: readonly ClientProgram[];
}

const PROGRAM = /^<!-- prints: (.+) -->\n```(js|python|sh) run\n([\s\S]*?)^```$/gm;

export function findPrograms(name: string, text: string): readonly ClientProgram[] {
  return [...text.matchAll(PROGRAM)].map(([, prints = "", language = "", code = ""], index) => ({
    name: `${name} ${index + 1}`,
    language: language as Language,
    code,
    prints,
  }));
}

export async function readClientPages(): Promise<readonly ClientPage[]> {
  const names = (await readdir(PAGES)).filter((name) => name.endsWith(".md")).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(PAGES, name), "utf8");
      return { name, text, programs: findPrograms(name.replace(/\.md$/, ""), text) };
    }),
  );
}

export interface Ran {
  readonly exitCode: number;
  readonly output: string;
}

const COMMANDS: Readonly<Record<Language, { readonly command: string; readonly ending: string }>> = {
  js: { command: process.execPath, ending: "mjs" },
  // Which Python has the packages is the machine's business.
  python: { command: process.env["BREAKWATER_PYTHON"] ?? "python3", ending: "py" },
  sh: { command: "sh", ending: "sh" },
};

function run(command: string, parameters: readonly string[], environment: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: WORK, env: environment, timeout: RUNS_AT_MOST_MS, maxBuffer: 8_000_000 };
    execFile(command, [...parameters], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ exitCode, output: stdout + stderr });
    });
  });
}

/** What the program cannot do without and this machine does not have; null when it can run. */
export async function findMissing({ language, code }: ClientProgram): Promise<string | null> {
  await mkdir(WORK, { recursive: true });
  if (language === "js") return null;
  if (language === "sh")
    return (await run("curl", ["--version"], process.env)).exitCode === 0 ? null : "curl";
  const modules = [...code.matchAll(/^(?:from|import) (\w+)/gm)].map(([, name = ""]) => name);
  const { command } = COMMANDS.python;
  const { exitCode } = await run(command, ["-c", `import ${modules.join(", ")}`], process.env);
  return exitCode === 0 ? null : `${command} with ${modules.filter((name) => name !== "os").join(", ")}`;
}

export async function runProgram(
  { name, language, code }: ClientProgram,
  product: { readonly url: string; readonly apiKey: string },
): Promise<Ran> {
  const { command, ending } = COMMANDS[language];
  const file = join(WORK, `${name.replaceAll(" ", "-")}.${ending}`);
  await writeFile(file, code);
  return run(command, language === "sh" ? ["-eu", file] : [file], {
    ...process.env,
    BREAKWATER_URL: product.url,
    BREAKWATER_KEY: product.apiKey,
  });
}
