/** What is read of the platform's own words about a start. */
import { expect, it } from "vitest";
import { parseStartup } from "../../../scripts/startup/measure-startup.ts";

const OUTPUT = `│ Bundle: 2818.28 KiB / gzip: 721.51 KiB
│ Local startup profile:
│   Profile window: 154.9 ms
│   Active: 80.8 ms (including 8.2 ms garbage collection)
│   Idle: 63.8 ms`;

it("[CM40] the time in which the script ran, and the size of its bundle", () => {
  expect(parseStartup(OUTPUT)).toEqual({ cpuMs: 80.8, bundleGzipKiB: 721.51 });
});

it("[CM40] other words are no measurement", () => {
  expect(parseStartup("Worker Built!")).toBeNull();
  expect(parseStartup(OUTPUT.replace("Active", "Busy"))).toBeNull();
});
