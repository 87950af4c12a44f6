/**
 * The MCP servers of one chat: their tools as models are offered them, and the calls. A server that is down is a server
 * without tools. One for each chat, since sessions belong to it; lists are shared by the isolate. Rules TL21 to TL27.
 */
import { z } from "zod";
import { fail, type Result } from "../../base/result.ts";
import { MAX_MCP_TOOLS, type McpServer } from "../mcp-config.ts";
import { toHeaderSecrets, toToolResult } from "../mcp-result.ts";
import { toMcpTools, type ListedTool, type McpTool } from "../mcp-tools.ts";
import { MAY_HAVE_RUN, type NoteToolFault, type ServerTool } from "../tool.ts";
import { Exchange, type ExchangeDeps } from "./exchange.ts";
import { explainFailure, type McpFailure } from "./explain-failure.ts";
import { loadMcpSdk, type McpSdk } from "./load-sdk.ts";
import {
  callServerTool,
  listServerTools,
  readHttpRefusal,
  type Conversation,
  type Known,
  type McpClientOptions,
  type McpEra,
  type McpSession,
} from "./mcp-client.ts";
import { isForgottenSession } from "./read-refusal.ts";

const Arguments = z.record(z.string(), z.unknown());

const LIST_FOR_MS = 5 * 60_000;
/** So that a server that is down does not cost its five seconds at every step. */
const DOWN_FOR_MS = 30_000;

export interface McpLimits {
  /** Connecting and listing together. */
  readonly connectMs: number;
  readonly callMs: number;
}

const DEFAULT_LIMITS: McpLimits = { connectMs: 5_000, callMs: 30_000 };

interface ListedServer {
  readonly untilMs: number;
  readonly tools: readonly McpTool[];
  /** Null for a server that is down. */
  readonly era: McpEra | null;
}

/** What an isolate knows of the servers, by name. Plain data only: it is shared by the requests of many chats. */
export type McpListCache = Map<string, ListedServer>;

interface ServerList {
  readonly tools: readonly McpTool[];
  readonly isNew: boolean;
}

const NO_LIST: ServerList = { tools: [], isNew: false };

export interface McpServersDeps extends ExchangeDeps {
  readonly servers: readonly McpServer[];
  readonly cache: McpListCache;
  readonly noteFault: NoteToolFault;
  readonly version: string;
  readonly limits?: McpLimits;
}

export class McpServers {
  private readonly deps: McpServersDeps;
  private readonly limits: McpLimits;
  private readonly sessions = new Map<string, McpSession>();

  constructor(deps: McpServersDeps) {
    this.deps = deps;
    this.limits = deps.limits ?? DEFAULT_LIMITS;
  }

  /** Never rejects and takes five seconds at the most. */
  async listTools(signal: AbortSignal): Promise<readonly ServerTool[]> {
    const offered: ServerTool[] = [];
    const lists = await Promise.all(this.deps.servers.map((server) => this.list(server, signal)));
    for (const [index, server] of this.deps.servers.entries()) {
      const { tools, isNew } = lists[index] ?? NO_LIST;
      const room = MAX_MCP_TOOLS - offered.length;
      offered.push(...tools.slice(0, room).map((tool) => this.toServerTool(server, tool)));
      // Said when the list comes in, not at every step that goes by it.
      if (isNew && tools.length > room) {
        this.note(
          server,
          `${tools.length - room} tools are not offered: there are more than ${MAX_MCP_TOOLS}.`,
        );
      }
    }
    return offered;
  }

  private toServerTool(server: McpServer, tool: McpTool): ServerTool {
    return {
      name: tool.name,
      description: tool.description,
      inputSchema: tool.inputSchema,
      needsApproval: server.approval === "always",
      isRepeatable: tool.isRepeatable,
      run: (input, context) => this.call(server, tool, input, context.signal),
    };
  }

  private async list(server: McpServer, signal: AbortSignal): Promise<ServerList> {
    const { cache, clock } = this.deps;
    const kept = cache.get(server.name);
    if (kept !== undefined && kept.untilMs > clock.nowMs()) return { tools: kept.tools, isNew: false };
    // The generation is asked for with each list: an old one that was kept would go on working after an upgrade.
    const found = await this.ask(server, this.limits.connectMs, signal, (options) =>
      listServerTools(options, { era: null, session: null }),
    );
    if (found.ok) return this.keepList(server, found.value);
    // A stop says nothing about the server.
    if (!signal.aborted)
      cache.set(server.name, { untilMs: clock.nowMs() + DOWN_FOR_MS, tools: [], era: null });
    return NO_LIST;
  }

  private keepList(server: McpServer, { value, era }: Conversation<readonly ListedTool[]>): ServerList {
    const { tools, leftOut } = toMcpTools(server, value);
    if (leftOut.length > 0)
      this.note(server, `Tools that are not offered: ${leftOut.slice(0, 20).join(", ")}.`);
    this.deps.cache.set(server.name, { untilMs: this.deps.clock.nowMs() + LIST_FOR_MS, tools, era });
    return { tools, isNew: true };
  }

  private async call(
    server: McpServer,
    tool: McpTool,
    input: unknown,
    signal: AbortSignal,
  ): Promise<Result<string, string>> {
    const era = this.deps.cache.get(server.name)?.era ?? null;
    const session = this.sessions.get(server.name) ?? null;
    const values = Arguments.parse(input);
    const called = await this.ask(server, this.limits.callMs, signal, async (options) => {
      const talk = (known: Known) => callServerTool(options, known, tool, values);
      try {
        return await talk({ era, session });
      } catch (error) {
        const refusal = readHttpRefusal(options.sdk, error);
        if (session === null || refusal === null || !isForgottenSession(refusal)) throw error;
        this.sessions.delete(server.name);
        options.exchange.noteRefusedCall();
        return await talk({ era, session: null });
      }
    });
    if (!called.ok) {
      const { sentence, mayHaveRun } = called.error;
      return fail(mayHaveRun && !tool.isRepeatable ? `${sentence} ${MAY_HAVE_RUN}` : sentence);
    }
    return toToolResult(called.value.value, toHeaderSecrets(server.headers));
  }

  /** Has one conversation and keeps its session. */
  private async ask<Value>(
    server: McpServer,
    limitMs: number,
    signal: AbortSignal,
    talk: (options: McpClientOptions) => Promise<Conversation<Value>>,
  ): Promise<Result<Conversation<Value>, McpFailure>> {
    const sdk = await loadMcpSdk();
    const exchange = new Exchange(this.deps, limitMs, signal);
    try {
      const { version } = this.deps;
      const done = await talk({ sdk, server, exchange, version, ...this.limits });
      // The calls of a chat stay in the session they began in, whatever a later listing opens.
      if (done.session !== null && !this.sessions.has(server.name))
        this.sessions.set(server.name, done.session);
      return { ok: true, value: done };
    } catch (error) {
      return fail(this.explain(sdk, exchange, server, error));
    } finally {
      exchange.close();
    }
  }

  private explain(sdk: McpSdk, exchange: Exchange, server: McpServer, error: unknown): McpFailure {
    const secrets = toHeaderSecrets(server.headers);
    const failure = explainFailure(sdk, exchange, server.name, error, secrets);
    if (failure.isServerFault) {
      this.note(server, failure.sentence);
      // Whatever was known of it may be out of date.
      this.deps.cache.delete(server.name);
    }
    return failure;
  }

  private note(server: McpServer, error: string): void {
    this.deps.noteFault({ subject: "server", name: server.name, error });
  }
}
