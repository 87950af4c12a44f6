/**
 * Reads what the SDK would refuse as a whole. A list tool by tool: many servers write null for what they do not have, and
 * one tool that nobody can read must not take the others with it. A result part by part: its tool has run by then. Of the
 * newer generation the SDK checks every answer before any schema of ours: there both stay refused. Rules TL38, TL39.
 */
import type { Client, RequestOptions } from "@modelcontextprotocol/client";
import { z } from "zod";
import type { McpResult } from "../mcp-result.ts";
import type { ListedTool } from "../mcp-tools.ts";

/** As many as the SDK reads. */
const MAX_PAGES = 64;

const Page = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.string().nullish().catch(null) });

const word = z.string().optional().catch(undefined);
const hint = z.boolean().optional().catch(undefined);
const Tool = z.object({
  name: z.string().catch(""),
  title: word,
  description: word,
  inputSchema: z.unknown(),
  annotations: z.object({ readOnlyHint: hint, idempotentHint: hint }).optional().catch(undefined),
});

const NO_TOOL: ListedTool = { name: "", inputSchema: null };

export async function listLoosely(client: Client, options: RequestOptions): Promise<ListedTool[]> {
  const listed: ListedTool[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const params: { cursor?: string } = cursor === null ? {} : { cursor };
    const read: z.infer<typeof Page> = await client.request({ method: "tools/list", params }, Page, options);
    listed.push(...read.tools.map((tool) => Tool.safeParse(tool).data ?? NO_TOOL));
    const next = read.nextCursor ?? "";
    if (next === "" || next === cursor) break;
    cursor = next;
  }
  return listed;
}

const Part = z.looseObject({ type: z.string() }).catch({ type: "unknown" });

const Called = z.object({
  content: z.array(Part).catch([]),
  structuredContent: z.unknown().optional(),
  isError: z
    .unknown()
    .optional()
    .transform((value) => value === true || value === "true"),
});

export async function callLoosely(
  client: Client,
  params: { readonly name: string; readonly arguments: Record<string, unknown> },
  options: RequestOptions,
): Promise<McpResult> {
  return await client.request({ method: "tools/call", params }, Called, options);
}
