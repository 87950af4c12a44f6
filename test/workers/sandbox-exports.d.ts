/** Tells `exports` of `cloudflare:workers` what the Worker under test exports, so that tests can knock at its door. */
declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import("../../src/worker.ts");
  }
}
