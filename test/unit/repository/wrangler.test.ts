/** wrangler.jsonc as wrangler itself reads it: three environments that differ only where they should. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { z } from "zod";
import { ROOT } from "./tracked-files.ts";

const Binding = z.object({ binding: z.string() });
/** The part of wrangler's configuration that is looked at here; its own types are not published whole. */
const Config = z.object({
  compatibility_date: z.iso.date(),
  vars: z.record(z.string(), z.string()),
  durable_objects: z.object({ bindings: z.array(z.object({ name: z.string(), class_name: z.string() })) }),
  d1_databases: z.array(
    Binding.extend({ database_name: z.string(), database_id: z.string(), migrations_dir: z.string() }),
  ),
  r2_buckets: z.array(Binding.extend({ bucket_name: z.string() })),
  queues: z.object({
    producers: z.array(Binding.extend({ queue: z.string() })),
    consumers: z.array(
      z.object({
        queue: z.string(),
        max_retries: z.int(),
        retry_delay: z.int(),
        dead_letter_queue: z.string().optional(),
      }),
    ),
  }),
  triggers: z.object({ crons: z.array(z.string()) }),
  assets: Binding.extend({ run_worker_first: z.array(z.string()) }),
  migrations: z.array(z.unknown()),
  ai: Binding.optional(),
});
type Config = z.infer<typeof Config>;

const read = (env?: string): Config =>
  Config.parse(readConfig({ config: join(ROOT, "wrangler.jsonc"), ...(env === undefined ? {} : { env }) }));

const readAll = () => [read(), read("staging"), read("production")];

function toShape(config: Config) {
  return {
    objects: config.durable_objects.bindings,
    databases: config.d1_databases.map((each) => `${each.binding} ${each.migrations_dir}`),
    files: config.r2_buckets.map((each) => each.binding),
    producers: config.queues.producers.map((each) => each.binding),
    consumers: config.queues.consumers.map((each) => [
      each.max_retries,
      each.dead_letter_queue !== undefined,
    ]),
    vars: Object.keys(config.vars).toSorted(),
    crons: config.triggers.crons,
    assets: config.assets,
    migrations: config.migrations,
  };
}

test("[HT334] the page at / is the Worker's in every environment, and no file is", () => {
  for (const { assets } of readAll()) expect(assets.run_worker_first).toEqual(["/"]);
});

test("[RP6] every environment has the same bindings under the same names", () => {
  const local = toShape(read());
  expect(local.objects).toHaveLength(3);
  for (const env of ["staging", "production"]) expect(toShape(read(env))).toEqual(local);
});

test("[RP6] no two environments share a database, a bucket or a queue", () => {
  const names = readAll().flatMap((config) => [
    ...config.d1_databases.flatMap((each) => [each.database_name, each.database_id]),
    ...config.r2_buckets.map((each) => each.bucket_name),
    ...config.queues.consumers.map((each) => each.queue),
  ]);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test("[RP6] queues that are produced into are consumed, and their dead letters too", () => {
  for (const config of readAll()) {
    const consumed = config.queues.consumers.map((each) => each.queue);
    const used = [
      ...config.queues.producers.map((each) => each.queue),
      ...config.queues.consumers.flatMap((each) => each.dead_letter_queue ?? []),
    ];
    expect(consumed.toSorted()).toEqual(used.toSorted());
  }
});

test("[OP64] a queue that no other one is behind is tried for half a day", () => {
  for (const config of readAll()) {
    const last = config.queues.consumers.filter((each) => each.dead_letter_queue === undefined);
    expect(last).toHaveLength(1);
    for (const each of last) expect(each.max_retries * each.retry_delay).toBeGreaterThanOrEqual(12 * 3_600);
  }
});

test("[RP6] Workers AI is bound only where it exists", () => {
  expect(read().ai).toBeUndefined();
  expect(read("staging").ai).toEqual({ binding: "AI" });
  expect(read("production").ai).toEqual({ binding: "AI" });
});

test("[RP7] the compatibility date is not later than the installed workerd", async () => {
  const manifest: unknown = JSON.parse(
    await readFile(join(ROOT, "node_modules/workerd/package.json"), "utf8"),
  );
  const [, year, month, day] =
    /^1\.(\d{4})(\d{2})(\d{2})\./.exec(z.object({ version: z.string() }).parse(manifest).version) ?? [];
  expect(read().compatibility_date <= `${year}-${month}-${day}`).toBe(true);
});
