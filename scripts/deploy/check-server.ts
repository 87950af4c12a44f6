/** Looks at a running Breakwater from outside, without an account, and says what is wrong with it. */
import { z } from "zod";

const Health = z.object({ ok: z.boolean(), environment: z.string() });

/** The request timeout of the product itself: what takes longer is broken. */
const TIMEOUT_MS = 30_000;

type FetchUrl = (url: string, options: RequestInit) => Promise<Response>;

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

async function ask(fetchUrl: FetchUrl, url: string): Promise<Answer> {
  const response = await fetchUrl(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "manual" });
  const contentType = response.headers.get("content-type") ?? "";
  return { status: response.status, contentType, text: await response.text() };
}

function readHealth(text: string): z.infer<typeof Health> | null {
  try {
    return Health.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON, so not our health answer.
    return null;
  }
}

async function checkHealth(fetchUrl: FetchUrl, url: string, environment: string | null): Promise<string[]> {
  const { status, text } = await ask(fetchUrl, url);
  const health = readHealth(text);
  if (status !== 200 || health?.ok !== true) return [`${url} answered ${status}: ${text.slice(0, 300)}`];
  const isOther = environment !== null && health.environment !== environment;
  return isOther ? [`${url} says that it is ${health.environment}, not ${environment}`] : [];
}

/** The page and the first script that it loads: a page whose script is missing is white. */
async function checkPage(fetchUrl: FetchUrl, baseUrl: string): Promise<string[]> {
  const page = await ask(fetchUrl, `${baseUrl}/`);
  if (page.status !== 200 || !page.contentType.startsWith("text/html")) {
    return [`${baseUrl}/ answered ${page.status} ${page.contentType} instead of the page`];
  }
  const script = /<script[^>]+src="([^"]+\.js)"/.exec(page.text)?.[1];
  if (script === undefined) return [`${baseUrl}/ loads no script`];
  const scriptUrl = new URL(script, `${baseUrl}/`).href;
  const { status, contentType } = await ask(fetchUrl, scriptUrl);
  return status === 200 && contentType.includes("javascript")
    ? []
    : [`${scriptUrl} answered ${status} ${contentType}`];
}

/**
 * What is wrong, one sentence each; empty when the server is well. `environment` is what it must say it is, or null.
 * An address that cannot be reached is a finding too: this never rejects.
 */
export async function checkServer(
  baseUrl: string,
  environment: string | null,
  fetchUrl: FetchUrl,
): Promise<readonly string[]> {
  const guard = async (work: () => Promise<string[]>) => {
    try {
      return await work();
    } catch (error) {
      return [`${baseUrl} could not be asked: ${error instanceof Error ? error.message : String(error)}`];
    }
  };
  const findings = await Promise.all([
    guard(() => checkHealth(fetchUrl, `${baseUrl}/health`, environment)),
    guard(() => checkHealth(fetchUrl, `${baseUrl}/v1/router/health`, environment)),
    guard(async () => {
      const { status } = await ask(fetchUrl, `${baseUrl}/v1/models`);
      return status === 401 ? [] : [`${baseUrl}/v1/models answered ${status} without a key instead of 401`];
    }),
    guard(() => checkPage(fetchUrl, baseUrl)),
  ]);
  return findings.flat();
}
