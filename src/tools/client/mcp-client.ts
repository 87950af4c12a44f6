/**
 * One conversation with an MCP server, from connecting to closing: its list of tools, or one call. It holds nothing
 * between conversations; what is worth keeping is plain data that the caller keeps. Rules TL22, TL26, TL38, TL39.
 */
import type {
  Client,
  PriorDiscovery,
  StreamableHTTPClientTransport,
  Tool,
} from "@modelcontextprotocol/client";
import { z } from "zod";
import type { McpServer } from "../mcp-config.ts";
import type { McpResult } from "../mcp-result.ts";
import type { ListedTool, McpTool } from "../mcp-tools.ts";
import { endUnanswered } from "./end-unanswered.ts";
import type { Exchange } from "./exchange.ts";
import { callLoosely, listLoosely } from "./read-loosely.ts";
import type { HttpRefusal } from "./read-refusal.ts";
import type { McpSdk } from "./load-sdk.ts";

/** Which generation of the protocol a server speaks; found out once, then known. */
export type McpEra = PriorDiscovery;

/** Servers of the older generation tie what they remember to a session, so each chat has one of its own. */
export interface McpSession {
  readonly sessionId: string;
  readonly protocolVersion: string;
}

export interface Known {
  readonly era: McpEra | null;
  readonly session: McpSession | null;
}

export interface Conversation<Value> {
  readonly value: Value;
  readonly era: McpEra;
  readonly session: McpSession | null;
}

export interface McpClientOptions {
  readonly sdk: McpSdk;
  readonly server: McpServer;
  readonly exchange: Exchange;
  /** Our own version, which servers are told. */
  readonly version: string;
  readonly connectMs: number;
  readonly callMs: number;
}

/** It came out of the SDK's own parsing. */
const SdkSchema = z.custom<Tool["inputSchema"]>((value) => typeof value === "object" && value !== null);

interface Connection {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
}

export async function listServerTools(
  options: McpClientOptions,
  known: Known,
): Promise<Conversation<readonly ListedTool[]>> {
  return await converse(options, known, async (client) => {
    const bounds = { timeout: options.connectMs, signal: options.exchange.signal };
    try {
      return (await client.listTools(undefined, bounds)).tools;
    } catch (error) {
      const { SdkError, SdkErrorCode } = options.sdk;
      if (!SdkError.isInstance(error) || error.code !== SdkErrorCode.InvalidResult) throw error;
      return await listLoosely(client, bounds);
    }
  });
}

export async function callServerTool(
  options: McpClientOptions,
  known: Known,
  tool: McpTool,
  input: Record<string, unknown>,
): Promise<Conversation<McpResult>> {
  const call = { name: tool.remoteName, arguments: input };
  const bounds = { timeout: options.callMs, signal: options.exchange.signal };
  return await converse(options, known, async (client) => {
    if (client.getDiscoverResult() === undefined) return await callLoosely(client, call, bounds);
    // Newer servers want some arguments repeated in headers, as the schema says.
    const toolDefinition = { name: tool.remoteName, inputSchema: SdkSchema.parse(tool.inputSchema) };
    return await client.callTool(call, { ...bounds, toolDefinition });
  });
}

/** Null for what is no HTTP error. */
export function readHttpRefusal(sdk: McpSdk, error: unknown): HttpRefusal | null {
  if (!sdk.SdkHttpError.isInstance(error)) return null;
  const { status, text } = error.data;
  return { status, text: typeof text === "string" ? text : "" };
}

async function converse<Value>(
  options: McpClientOptions,
  known: Known,
  talk: (client: Client) => Promise<Value>,
): Promise<Conversation<Value>> {
  const { client, transport } = await connect(options, known);
  try {
    const value = await talk(client);
    const discover = client.getDiscoverResult();
    return {
      value,
      era: discover === undefined ? { kind: "legacy" } : { kind: "modern", discover },
      session: readSession(transport),
    };
  } finally {
    await client.close();
  }
}

function readSession({ sessionId, protocolVersion }: StreamableHTTPClientTransport): McpSession | null {
  return sessionId === undefined || protocolVersion === undefined ? null : { sessionId, protocolVersion };
}

async function connect(options: McpClientOptions, known: Known): Promise<Connection> {
  try {
    return await open(options, known);
  } catch (error) {
    if (known.era !== null || !mayBeOlder(options, error)) throw error;
    return await open(options, { era: { kind: "legacy" }, session: null });
  }
}

/** Some older servers answer the question for their generation with an error that says nothing: then they are asked. */
function mayBeOlder({ sdk, exchange }: McpClientOptions, error: unknown): boolean {
  if (exchange.signal.aborted || !exchange.wasAnswered) return false;
  return !sdk.SdkHttpError.isInstance(error) || (error.status !== 401 && error.status !== 403);
}

async function open(
  { sdk, server, exchange, version, connectMs }: McpClientOptions,
  { era, session }: Known,
): Promise<Connection> {
  const transport = new sdk.StreamableHTTPClientTransport(new URL(server.url), {
    fetch: exchange.fetch,
    requestInit: { headers: server.headers },
    ...session,
  });
  endUnanswered(transport, exchange);
  const client = new sdk.Client(
    { name: "breakwater", version },
    { capabilities: {}, versionNegotiation: { mode: "auto" } },
  );
  await client.connect(transport, {
    timeout: connectMs,
    signal: exchange.signal,
    ...(era === null ? {} : { prior: era }),
  });
  return { client, transport };
}
