/**
 * Which MCP servers there are: the variable `MCP_SERVERS`, a JSON list. What is wrong is said by its place and what to
 * change; the headers, which hold keys, are never shown. Pure. Rule TL20.
 */
import { z } from "zod";
import { parseJson } from "../base/parse-json.ts";
import { fail, succeed, type Result } from "../base/result.ts";

export const MAX_MCP_SERVERS = 5;
/** All servers together: more definitions than this take more of a prompt than the question. */
export const MAX_MCP_TOOLS = 50;

const LOOPBACK_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** Set by the client, which would otherwise contradict itself. */
const RESERVED_HEADERS = /^(?:accept|content-type|content-length|host|mcp-.*)$/i;

const HeaderName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/);
const HeaderValue = z
  .string("must be a string")
  .min(1, "is empty: leave the header out instead")
  .max(8_000, "is longer than 8000 characters")
  .regex(/^[\t\x20-\x7e]*$/, "holds characters that a header may not have");

const McpServer = z.strictObject({
  /** Stands in front of its tools' names: `docs__search`. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,23}$/, "must be 1 to 24 small letters, digits and -, a letter first"),
  url: z.string().superRefine((text, context) => {
    const problem = explainBadUrl(text);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  }),
  headers: z
    .record(HeaderName, HeaderValue)
    .refine((headers) => !Object.keys(headers).some((name) => RESERVED_HEADERS.test(name)), {
      error: "may not hold accept, content-type, content-length, host or mcp-…",
    })
    .default({}),
  /** `never`: its tools run without a person's word. */
  approval: z.enum(["always", "never"], 'must be "always" or "never"').default("always"),
  /** Only these of its tools, by their own names; left out: all. */
  tools: z.array(z.string().min(1).max(128)).min(1).max(MAX_MCP_TOOLS).optional(),
});
export type McpServer = z.infer<typeof McpServer>;

const McpServers = z
  .array(McpServer, "must be a list")
  .max(MAX_MCP_SERVERS, `has more than ${MAX_MCP_SERVERS} servers`)
  .superRefine((servers, context) => {
    const names = servers.map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return;
      context.addIssue({ code: "custom", path: [index, "name"], message: `${name} is there twice` });
    });
  });

function explainBadUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return "must be a whole address, https://…";
  if (url.username !== "" || url.password !== "") return "must not hold a password: put it into headers";
  if (url.protocol === "https:") return null;
  if (url.protocol === "http:" && LOOPBACK_HOSTS.has(url.hostname)) return null;
  return "must begin with https:// (http:// only for localhost)";
}

const NOT_JSON =
  'MCP_SERVERS is not JSON: it must look like [{"name":"docs","url":"https://example.com/mcp"}].';

/** Nothing set is no servers. The error names every mistake. */
export function parseMcpServers(text: string | undefined): Result<readonly McpServer[], string> {
  if (text === undefined || text.trim() === "") return succeed([]);
  const json = parseJson(text);
  // The parser's own message would quote the text, and with it the keys.
  if (!json.ok) return fail(NOT_JSON);
  const parsed = McpServers.safeParse(json.value);
  if (parsed.success) return succeed(parsed.data);
  return fail(parsed.error.issues.map((issue) => toSentence(issue)).join(" "));
}

/** A header's name that cannot be one may be its value in the wrong place: it is not shown. */
function toSentence(issue: z.core.$ZodIssue): string {
  const isBadName = issue.code === "invalid_key";
  const path = isBadName ? issue.path.slice(0, -1) : issue.path;
  const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return `MCP_SERVERS${place}: ${isBadName ? "a header has a name that none can have" : issue.message}.`;
}
