/** `GET /openapi.json`: the API in a machine's words. Rules HT160 to HT166, HT282. */
import type { Hono } from "hono";
import { etag } from "hono/etag";
import type { AppEnv } from "../app-env.ts";
import type { Services } from "../services.ts";

/** It changes with a deploy only; five minutes late does no harm. */
const CACHE = "public, max-age=300";

export function addOpenApiRoute(app: Hono<AppEnv>, services: Services): void {
  /** The finished text and not a promise of it: what one request began must not be awaited by another. */
  let text: string | null = null;
  app.get("/openapi.json", etag(), async (context) => {
    if (text === null) {
      // Not at start-up: making it takes longer than an isolate may take to start.
      const { buildDocument } = await import("../openapi/build-document.ts");
      text ??= JSON.stringify(buildDocument(services));
    }
    return context.body(text, 200, {
      "content-type": "application/json; charset=utf-8",
      "cache-control": CACHE,
      // Who may read it in a page goes by the origin (HT5), also where the copy was made for a program that has none.
      vary: "origin",
    });
  });
}
