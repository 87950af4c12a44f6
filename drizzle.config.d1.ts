/** How drizzle-kit writes the migrations of D1. `tablesFilter` protects wrangler's own record of migrations. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./schema/d1/*.ts",
  out: "./drizzle/d1",
  tablesFilter: ["!d1_migrations", "!_cf_*"],
});
