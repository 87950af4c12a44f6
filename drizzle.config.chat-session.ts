/** How drizzle-kit makes the migrations inside each chat-session object. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  driver: "durable-sqlite",
  schema: "./schema/chat-session.ts",
  out: "./drizzle/chat-session",
});
