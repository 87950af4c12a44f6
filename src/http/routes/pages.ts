/**
 * The web pages. The platform serves files before the Worker is asked; what arrives here is an address of the page
 * application (`/` by wrangler.jsonc), or nothing at all. Rules HT30 to HT33, HT334.
 */
import { isApiPath } from "../api-path.ts";
import type { AppContext } from "../app-env.ts";
import { refuse } from "../respond.ts";
import { HASHED_FILES_CACHE, HASHED_FILES_PREFIX } from "../security-headers.ts";
import type { Services } from "../services.ts";

/** The addresses that the page application knows (web/ has the same list as its routes). */
const PAGE_PATH =
  /^\/(?:c\/[^/]+|shared\/[^/]+|sign-in|sign-up|console(?:\/[^/]+)*|keys|docs(?:\/[A-Za-z]+)?)?$/;

/** Chats that a link shows: read by whoever has it, found by nobody. Rule HT67. */
const SHARED_PREFIX = "/shared/";

/** Answers whatever no route took. */
export async function servePages(services: Services, context: AppContext): Promise<Response> {
  const { path, method } = context.req;
  if (isApiPath(path)) return refuse(context, "not-found", "There is nothing at this address.");
  if (method !== "GET" && method !== "HEAD") {
    const allow = "GET, HEAD";
    return refuse(context, "method-not-allowed", `This address takes ${allow}.`, { headers: { allow } });
  }
  if (PAGE_PATH.test(path)) {
    const page = toPage(await readIndex(services, context), 200);
    if (path.startsWith(SHARED_PREFIX)) page.headers.set("x-robots-tag", "noindex");
    return page;
  }
  const file = await services.assets(context.req.raw);
  if (file.status !== 404) return toFile(file, path);
  await file.body?.cancel();
  // A missing script must not be answered with a page, which the browser would try to run.
  if (!acceptsPage(context)) return context.text("Not found", 404);
  return toPage(await readIndex(services, context), 404);
}

/** `/`, because the platform redirects `/index.html` to it. */
function readIndex(services: Services, context: AppContext): Promise<Response> {
  return services.assets(new Request(new URL("/", context.req.url), { method: context.req.method }));
}

/** The one page, under whatever address; revalidated each time, since its content changes with every deploy. */
function toPage(index: Response, status: 200 | 404): Response {
  if (index.status !== 200) return new Response("The web pages are not built.", { status: 503 });
  const page = new Response(index.body, { status, headers: index.headers });
  page.headers.set("cache-control", "no-cache");
  return page;
}

function toFile(file: Response, path: string): Response {
  if (!path.startsWith(HASHED_FILES_PREFIX) || file.status !== 200) return file;
  const kept = new Response(file.body, file);
  kept.headers.set("cache-control", HASHED_FILES_CACHE);
  return kept;
}

function acceptsPage(context: AppContext): boolean {
  return (context.req.header("accept") ?? "").includes("text/html");
}
