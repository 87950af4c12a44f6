/** The foreign suite, against the view whose address the bench hands over. */
import { runConformanceTests } from "@durable-streams/server-conformance-tests";

runConformanceTests({ baseUrl: process.env["LOG_VIEW_URL"] ?? "", longPollTimeoutMs: 2_000 });
