/** What tests in workerd find in `env`: the Worker's own bindings, and the migrations that the setup file applies. */
declare namespace Cloudflare {
  interface Env extends TestBindings {
    readonly TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
}

type TestBindings = Pick<
  import("../../src/env.ts").Bindings,
  "DB" | "CHAT_SESSION" | "PROVIDER_HEALTH" | "LIVE_CONSOLE" | "SELECTION_QUEUE" | "FILES" | "ASSETS"
>;
