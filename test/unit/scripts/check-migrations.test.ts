import { describe, expect, it } from "vitest";
import { findDestructiveStatements } from "../../../scripts/check-migrations.ts";

describe("migrations", () => {
  it("[HT37] are refused when they destroy, and pass when they add", () => {
    const additive = "CREATE TABLE `a` (`id` text);\n--> statement-breakpoint\nALTER TABLE `a` ADD `b` text;";
    expect(findDestructiveStatements(additive)).toEqual([]);
    expect(findDestructiveStatements("drop  table `a`;")).toEqual(["DROP TABLE"]);
    expect(findDestructiveStatements("ALTER TABLE `a` DROP COLUMN `b`;")).toEqual(["DROP COLUMN"]);
    expect(findDestructiveStatements("CREATE TABLE `__new_a` (`id` text);")).toEqual([
      "a rebuilt table (__new_…)",
    ]);
    const cascading = "FOREIGN KEY (`a`) REFERENCES `b`(`id`) ON UPDATE no action ON DELETE cascade";
    expect(findDestructiveStatements(cascading)).toEqual(["ON DELETE CASCADE"]);
  });
});
