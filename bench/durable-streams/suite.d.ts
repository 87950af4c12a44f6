/** What is used of the suite; it is installed by the bench alone, and types are checked without it. */
declare module "@durable-streams/server-conformance-tests" {
  export function runConformanceTests(options: {
    readonly baseUrl: string;
    readonly longPollTimeoutMs?: number;
  }): void;
}
