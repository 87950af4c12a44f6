/** package-lock.json is one that `npm ci` accepts on every platform. */
import { expect, test } from "vitest";
import { findMissingEntries, Lock, toPlatform } from "../../../scripts/complete-lock.ts";
import { readTracked } from "./tracked-files.ts";

test("[RP8] a binary's platform is read from its name", () => {
  expect(toPlatform("@x/binding-linux-arm64-musl")).toEqual({
    os: ["linux"],
    cpu: ["arm64"],
    libc: ["musl"],
  });
  expect(toPlatform("@x/binding-win32-x64-msvc")).toEqual({ os: ["win32"], cpu: ["x64"] });
  expect(toPlatform("@x/workerd-windows-64")).toEqual({ os: ["win32"], cpu: ["x64"] });
  expect(toPlatform("@x/oxide-wasm32-wasi")).toEqual({ cpu: ["wasm32"] });
});

test("[RP8] what is missing is found, also for a nested package; what is there is not touched", () => {
  const packages = {
    "node_modules/a": {
      version: "1.0.0",
      dev: true,
      optionalDependencies: { "@a/darwin-x64": "1.0.0", "@a/linux-x64": "1.0.0" },
    },
    "node_modules/@a/linux-x64": { version: "1.0.0", optional: true },
    "node_modules/b/node_modules/a": {
      version: "2.0.0",
      optionalDependencies: { "@a/linux-x64": "2.0.0", c: "^1.0.0" },
    },
    "node_modules/b/node_modules/@a/linux-x64": { version: "2.0.0", optional: true },
  };
  expect(findMissingEntries(packages)).toEqual({
    "node_modules/@a/darwin-x64": {
      version: "1.0.0",
      dev: true,
      optional: true,
      os: ["darwin"],
      cpu: ["x64"],
    },
  });
});

test("[RP8] the lock is complete; if it is not: node scripts/complete-lock.ts", async () => {
  const { packages } = Lock.parse(JSON.parse(await readTracked("package-lock.json")));
  expect(Object.keys(findMissingEntries(packages))).toEqual([]);
});

test("[RP8] the lock names no registry: it belongs to whoever installs", async () => {
  expect(await readTracked("package-lock.json")).not.toContain('"resolved": "http');
});
