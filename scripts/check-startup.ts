/** Holds the deployed Worker to its limits before the first request. Part of the continuous integration. Rule CM40. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { withStartupMeter } from "./startup/measure-startup.ts";
import { judgeStartup } from "./startup/startup-limit.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { holds, cpuMs, bundleGzipKiB, referenceMs, maxCpuMs, maxGzipKiB } = await withStartupMeter(
  root,
  judgeStartup,
);
console.log(
  `The Worker starts in ${cpuMs} ms of CPU (less than ${maxCpuMs} is asked here, where the reference takes ${referenceMs}); its bundle has ${Math.round(bundleGzipKiB)} KiB (less than ${maxGzipKiB}).`,
);
process.exitCode = holds ? 0 : 1;
