/**
 * A stand-in for an MCP server: a real HTTP server on loopback that speaks the wire of both generations, and breaks as
 * it is told. It holds no tool that does anything. Not the SDK's server: a client and a server of one make agree too
 * easily.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { z } from "zod";

const PortAddress = z.object({ port: z.number() });
const Message = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string(),
  params: z.looseObject({}).default({}),
});
type Message = z.infer<typeof Message>;

export interface StandInTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: object;
  readonly annotations?: object;
  /** What a call with these arguments and headers gives. */
  readonly result?: (input: unknown, headers: IncomingHttpHeaders) => object;
}

export interface StandInOptions {
  /** `sessions`: the older generation with `initialize`; `stateless`: the one of 2026-07-28. */
  readonly speaks: "sessions" | "stateless";
  readonly answersAs: "json" | "stream";
  readonly tools: readonly StandInTool[];
  /** Stands in each answer to `tools/list` too, above what would be there. */
  readonly listMore?: object;
}

/** How the next answers are: whatever is set, until it is taken back. */
export interface Faults {
  status?: number;
  body?: string;
  contentType?: string;
  /** Answers after this time, or never. */
  delayMs?: number | "never";
  /** Only requests of this method; left out: all. */
  only?: string;
}

export interface Heard {
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly headers: IncomingHttpHeaders;
}

export class StandInMcpServer {
  readonly heard: Heard[] = [];
  faults: Faults = {};
  private readonly options: StandInOptions;
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  private sessions = new Set<string>();
  private sessionsMade = 0;
  private port = 0;

  private constructor(options: StandInOptions) {
    this.options = options;
  }

  static async start(options: Partial<StandInOptions> = {}): Promise<StandInMcpServer> {
    const standIn = new StandInMcpServer({ speaks: "sessions", answersAs: "json", tools: [], ...options });
    await new Promise<void>((resolve) => standIn.server.listen(0, "127.0.0.1", resolve));
    standIn.port = PortAddress.parse(standIn.server.address()).port;
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  /** The methods in the order they came. */
  get methods(): string[] {
    return this.heard.map(({ method }) => method);
  }

  forgetSessions(): void {
    this.sessions.clear();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "POST") return void response.writeHead(405).end();
    const message = Message.parse(JSON.parse(await readText(request)));
    this.heard.push({ method: message.method, params: message.params, headers: request.headers });
    const faults = this.faults.only === undefined || this.faults.only === message.method ? this.faults : {};
    if (faults.delayMs === "never") return;
    const { delayMs = 0 } = faults;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (faults.status !== undefined || faults.body !== undefined) {
      const { status = 200, body = "", contentType = "application/json" } = faults;
      return void response.writeHead(status, { "content-type": contentType }).end(body);
    }
    this.speak(message, request.headers, response);
  }

  private speak(message: Message, headers: IncomingHttpHeaders, response: ServerResponse): void {
    if (message.id === undefined) return void response.writeHead(202).end();
    const isOld = this.options.speaks === "sessions";
    const session = headers["mcp-session-id"];
    if (isOld && message.method !== "initialize") {
      // As the protocol says: a request without a session is a bad one, one of a forgotten session is for nobody.
      if (typeof session !== "string") return void response.writeHead(400).end("no session");
      if (!this.sessions.has(session)) return void response.writeHead(404).end("no such session");
    }
    const reply = this.toReply(message, headers);
    const text = JSON.stringify({ jsonrpc: "2.0", id: message.id, ...reply });
    if (message.method === "initialize") response.setHeader("mcp-session-id", this.makeSession());
    if (this.options.answersAs === "json") {
      return void response.writeHead(200, { "content-type": "application/json" }).end(text);
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(': a comment\n\nevent: message\ndata: {"jsonrpc":"2.0","method":"notifications/message",');
    response.write('"params":{"level":"info","data":"on the way"}}\n\n');
    response.end(`event: message\ndata: ${text}\n\n`);
  }

  private makeSession(): string {
    this.sessionsMade += 1;
    const id = `session-${this.sessionsMade}`;
    this.sessions.add(id);
    return id;
  }

  private toReply(message: Message, headers: IncomingHttpHeaders): object {
    const isOld = this.options.speaks === "sessions";
    const whole = isOld ? {} : { resultType: "complete" };
    switch (message.method) {
      case "initialize":
        if (!isOld) break;
        return {
          result: {
            protocolVersion: "2025-06-18",
            capabilities: { tools: {} },
            serverInfo: { name: "stand-in", version: "1" },
          },
        };
      case "server/discover":
        if (isOld) break;
        return {
          result: {
            ...whole,
            supportedVersions: ["2026-07-28"],
            capabilities: { tools: {} },
            ttlMs: 0,
            cacheScope: "private",
          },
        };
      case "tools/list": {
        const tools = this.options.tools.map(({ result: _result, ...tool }) => ({
          ...tool,
          inputSchema: tool.inputSchema ?? { type: "object" },
        }));
        const page = { tools, ...(isOld ? {} : { ttlMs: 0, cacheScope: "private" }) };
        return { result: { ...whole, ...page, ...this.options.listMore } };
      }
      case "tools/call": {
        const tool = this.options.tools.find(({ name }) => name === message.params["name"]);
        if (tool === undefined) return { error: { code: -32602, message: "Unknown tool" } };
        const given = tool.result?.(message.params["arguments"], headers) ?? toText("done");
        return "error" in given ? given : { result: { ...whole, ...given } };
      }
    }
    return { error: { code: -32601, message: "Method not found" } };
  }
}

/** A result of one text. */
export function toText(text: string): { content: { type: "text"; text: string }[] } {
  return { content: [{ type: "text", text }] };
}
