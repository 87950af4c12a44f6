/** The system's Chromium for browser tests: found, or installed from Debian's packages when we may. */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Progress } from "./bootstrap/progress.mjs";
import { runCommand } from "./bootstrap/run-command.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/** Where a Mac keeps it. */
const MAC_PATH = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The path of a Chromium: CHROMIUM_PATH when it is set, else the first that is installed; null when there is none. */
export async function findChromium(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const chosen = environment["CHROMIUM_PATH"];
  if (chosen) {
    if (await isExecutable(chosen)) return chosen;
    throw new Error(`CHROMIUM_PATH is ${chosen}, and no program is there`);
  }
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const name of NAMES) {
    for (const folder of folders) if (await isExecutable(join(folder, name))) return join(folder, name);
  }
  return (await isExecutable(MAC_PATH)) ? MAC_PATH : null;
}

/** The command that comes before apt-get: nothing for root, `sudo -n` where it works without a question, else null. */
async function findPrivilege(): Promise<readonly string[] | null> {
  if (process.getuid?.() === 0) return [];
  return promisify(execFile)("sudo", ["-n", "true"]).then(
    () => ["sudo", "-n"],
    () => null,
  );
}

/** Finds Chromium, installing the Debian package when there is none. Rejects with what a person can do about it. */
export async function ensureChromium(root: string, progress: Progress): Promise<string> {
  const found = await findChromium(process.env);
  if (found !== null) return found;
  const privilege = await findPrivilege();
  if (privilege === null || !(await isExecutable("/usr/bin/apt-get"))) {
    throw new Error(
      "No Chromium was found. Install one (Debian: apt-get install chromium) or set CHROMIUM_PATH.",
    );
  }
  const apt = async (...parameters: readonly string[]) => {
    const [command = "", ...rest] = [...privilege, "apt-get", "-qq", ...parameters];
    await runCommand(command, rest, {
      cwd: root,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  };
  await progress.step("Chromium installed", async () => {
    await apt("update");
    await apt("install", "-y", "--no-install-recommends", "chromium", "fonts-liberation");
  });
  const installed = await findChromium(process.env);
  if (installed === null)
    throw new Error("apt-get installed chromium, but no program of that name is on the PATH");
  return installed;
}
