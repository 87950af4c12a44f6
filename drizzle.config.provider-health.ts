/** How drizzle-kit makes the migrations inside each provider-health object. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  driver: "durable-sqlite",
  schema: "./schema/provider-health.ts",
  out: "./drizzle/provider-health",
});
