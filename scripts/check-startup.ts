/** Holds the deployed Worker to its limits before the first request. Part of the continuous integration. Rule CM40. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { measureStartup } from "./startup/measure-startup.ts";

/** The platform gives a Worker a second on machines of its own; a cold start that is felt is lost long before. */
const MAX_CPU_MS = 100;
/** The platform's limit for the smallest plan is 3 MB. */
const MAX_GZIP_KIB = 1_024;
const STARTS = 3;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { cpuMs, bundleGzipKiB } = await measureStartup(root, STARTS);
console.log(
  `The Worker starts in ${cpuMs} ms of CPU (at most ${MAX_CPU_MS}); its bundle has ${Math.round(bundleGzipKiB)} KiB (at most ${MAX_GZIP_KIB}).`,
);
process.exitCode = cpuMs < MAX_CPU_MS && bundleGzipKiB < MAX_GZIP_KIB ? 0 : 1;
