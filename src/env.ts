/**
 * Bindings, variables and secrets, parsed once. What is wrong is named, never shown: a secret must not reach a log.
 */
import { z } from "zod";
import type { ChatSession } from "../durable-objects/chat-session.ts";
import type { LiveConsole } from "../durable-objects/live-console.ts";
import type { ProviderHealth } from "../durable-objects/provider-health.ts";
import { RoutingPolicy } from "./protocol/selection.ts";
import { DEFAULT_DEADLINES, type TurnDeadlines } from "./routing/attempt/deadlines.ts";

/** What the platform hands to the Worker and to every object. */
export interface Bindings {
  readonly DB: D1Database;
  readonly CHAT_SESSION: DurableObjectNamespace<ChatSession>;
  readonly PROVIDER_HEALTH: DurableObjectNamespace<ProviderHealth>;
  readonly LIVE_CONSOLE: DurableObjectNamespace<LiveConsole>;
  readonly SELECTION_QUEUE: Queue<unknown>;
  readonly FILES: R2Bucket;
  readonly ASSETS: Fetcher;
  /** Workers AI: only in deployed environments, since it has no local form. */
  readonly AI?: Ai;
  /** Variables and secrets stand beside the bindings. */
  readonly [name: string]: unknown;
}

/** More than a program sends that means it, less than a loop that lost its brake. */
const DEFAULT_REQUESTS_PER_MINUTE = 60_000;

const Settings = z.object({
  ENVIRONMENT: z.enum(["local", "staging", "production"]),
  VERSION: z.string().min(1).default("unknown"),
  /** Where the product is reached: cookies, mails and links are made from it. */
  PUBLIC_URL: z.url(),
  /** Signs cookies. At least 32 characters. */
  AUTH_SECRET: z.string().min(32),
  /** Origins that may call the API from a page, comma-separated, exact; no wildcard. */
  ALLOWED_ORIGINS: z
    .string()
    .default("")
    .transform((text) =>
      text
        .split(",")
        .map((origin) => origin.trim())
        .filter((origin) => origin !== ""),
    )
    .pipe(z.array(z.url())),
  /** Where the sandbox's stand-ins listen; only read in the local environment. */
  SANDBOX_URL: z.url().optional(),
  /** `true`: health is kept for each region apart (src/circuit/regions.ts). */
  REGIONAL_CIRCUITS: z.enum(["true", "false"]).default("false"),
  /** The deadlines of an attempt, milliseconds (src/routing/attempt/deadlines.ts). */
  ATTEMPT_HEADERS_MS: z.coerce.number().int().positive().default(DEFAULT_DEADLINES.headersMs),
  ATTEMPT_FIRST_TOKEN_MS: z.coerce.number().int().positive().default(DEFAULT_DEADLINES.firstTokenMs),
  ATTEMPT_GAP_MS: z.coerce.number().int().positive().default(DEFAULT_DEADLINES.gapMs),
  ATTEMPT_TOTAL_MS: z.coerce.number().int().positive().default(DEFAULT_DEADLINES.totalMs),
  /** All attempts of a turn together, milliseconds. */
  TURN_MS: z.coerce.number().int().positive().default(DEFAULT_DEADLINES.turnMs),
  /** How candidates are put in order when a request names no policy. */
  ROUTING_POLICY: RoutingPolicy.default("priority"),
  /** `off`: no second call is ever started beside a slow one. */
  HEDGING: z.enum(["on", "off"]).default("on"),
  /** What becomes of an answer that a crash interrupted: another call goes on with it, or the part is kept as it is. */
  AFTER_CRASH: z.enum(["continue", "keep"]).default("continue"),
  /** Tokens of history that a turn sends at the most; what is older is summarised. */
  CONTEXT_TOKENS: z.coerce.number().int().min(2_000).max(1_000_000).default(24_000),
  /** `off`: models are offered no tools. */
  TOOLS: z.enum(["on", "off"]).default("on"),
  /** Model calls that an organization may make in a minute, in each isolate; `off`: as many as it likes. */
  REQUESTS_PER_MINUTE: z
    .union([z.literal("off"), z.coerce.number().int().min(1).max(10_000_000)])
    .default(DEFAULT_REQUESTS_PER_MINUTE),
  /** The class or target that titles and summaries are asked of; `off`: chats keep their first line and forget. */
  UPKEEP_MODEL: z.string().min(1).max(200).default("fast"),
});

export interface Settings {
  readonly environment: "local" | "staging" | "production";
  readonly version: string;
  readonly publicUrl: string;
  readonly authSecret: string;
  readonly allowedOrigins: readonly string[];
  readonly sandboxUrl: string | null;
  readonly regionalCircuits: boolean;
  readonly deadlines: TurnDeadlines;
  readonly routingPolicy: RoutingPolicy;
  readonly hedging: boolean;
  readonly continuesAfterCrash: boolean;
  readonly contextTokens: number;
  readonly tools: boolean;
  /** Null: there is no limit. */
  readonly requestsPerMinute: number | null;
  /** Null: no titles and no summaries are made. */
  readonly upkeepModel: string | null;
}

/** Throws an error that names the variables that are missing or wrong, without their values. */
export function parseSettings(env: Bindings): Settings {
  const parsed = Settings.safeParse(env);
  if (!parsed.success) {
    const names = parsed.error.issues.map((issue) => `${issue.path.join(".")} (${issue.code})`);
    throw new Error(`The Worker's variables are wrong or missing: ${names.join(", ")}`);
  }
  const settings = parsed.data;
  return {
    environment: settings.ENVIRONMENT,
    version: settings.VERSION,
    publicUrl: settings.PUBLIC_URL,
    authSecret: settings.AUTH_SECRET,
    allowedOrigins: settings.ALLOWED_ORIGINS,
    sandboxUrl: settings.ENVIRONMENT === "local" ? (settings.SANDBOX_URL ?? null) : null,
    regionalCircuits: settings.REGIONAL_CIRCUITS === "true",
    deadlines: {
      headersMs: settings.ATTEMPT_HEADERS_MS,
      firstTokenMs: settings.ATTEMPT_FIRST_TOKEN_MS,
      gapMs: settings.ATTEMPT_GAP_MS,
      totalMs: settings.ATTEMPT_TOTAL_MS,
      turnMs: settings.TURN_MS,
    },
    routingPolicy: settings.ROUTING_POLICY,
    hedging: settings.HEDGING === "on",
    continuesAfterCrash: settings.AFTER_CRASH === "continue",
    contextTokens: settings.CONTEXT_TOKENS,
    tools: settings.TOOLS === "on",
    requestsPerMinute: settings.REQUESTS_PER_MINUTE === "off" ? null : settings.REQUESTS_PER_MINUTE,
    upkeepModel: settings.UPKEEP_MODEL === "off" ? null : settings.UPKEEP_MODEL,
  };
}
