/**
 * What the local Worker is told: our own settings, everything in `.dev.vars`, and the providers' settings from the
 * environment. Pure. The result goes into a file that only its owner can read, never onto a command line, where
 * `ps` would show keys to everybody.
 */

/** Names taken from the environment. `.dev.vars` is the project's own file and is taken whole. */
const FROM_ENVIRONMENT =
  /^(PLATFORM_[A-Z0-9_]+_KEY|(ANTHROPIC|OPENAI|GOOGLE|DEEPSEEK)_BASE_URL|(OLLAMA|COMPATIBLE)_[A-Z0-9_]+|ALLOWED_ORIGINS|MCP_SERVERS|TOOLS|UPKEEP_MODEL|CONTEXT_TOKENS|AFTER_CRASH)$/;

/** A key of one of these makes the sandbox stay away: the four providers that it stands in for. */
const REAL_KEYS = [
  "PLATFORM_ANTHROPIC_KEY",
  "PLATFORM_OPENAI_KEY",
  "PLATFORM_GOOGLE_KEY",
  "PLATFORM_DEEPSEEK_KEY",
];

export type Settings = Readonly<Record<string, string>>;

/** The environment wins over `.dev.vars`; an empty value counts as absent. */
export function collectUserSettings(
  devVars: Readonly<Record<string, string | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(devVars)) if (value) settings[name] = value;
  for (const [name, value] of Object.entries(environment)) {
    if (value && FROM_ENVIRONMENT.test(name)) settings[name] = value;
  }
  return settings;
}

export function hasRealKeys(settings: Settings): boolean {
  return REAL_KEYS.some((name) => settings[name] !== undefined);
}

export interface OwnSettings {
  readonly url: string;
  readonly port: number;
  readonly version: string;
  readonly authSecret: string;
  /** Null when the sandbox is off. */
  readonly sandboxUrl: string | null;
  /** What Ollama on this machine offers; null when it does not run. */
  readonly ollama: { readonly url: string; readonly models: readonly string[] } | null;
}

/** Everything together. A user's own setting wins, but where the product runs is ours to say. */
export function toWorkerSettings(user: Settings, own: OwnSettings): Settings {
  return {
    AUTH_SECRET: own.authSecret,
    // The same page under its other usual name.
    ALLOWED_ORIGINS: `http://localhost:${own.port}`,
    ...(own.ollama === null
      ? {}
      : { OLLAMA_BASE_URL: `${own.ollama.url}/v1`, OLLAMA_MODELS: own.ollama.models.join(",") }),
    ...user,
    ENVIRONMENT: "local",
    VERSION: own.version,
    PUBLIC_URL: own.url,
    ...(own.sandboxUrl === null ? {} : { SANDBOX_URL: own.sandboxUrl }),
  };
}

/**
 * The text of the file for wrangler's --env-file, which reads it with dotenv and then expands `$`. Throws when a
 * value cannot be written in that format, naming the setting and not its value.
 */
export function formatEnvFile(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${quote(name, value)}\n`)
    .join("");
}

function quote(name: string, value: string): string {
  const mark = ["'", '"', "`"].find((candidate) => !value.includes(candidate));
  // dotenv reads a backslash before a quote, an n or an r as part of an escape, in some quotes and not in others.
  if (mark === undefined || /[\r\n\\]/.test(value)) {
    throw new Error(
      `${name} has a line break, a backslash or all three kinds of quotes: no env file can hold that`,
    );
  }
  return `${mark}${value.replaceAll("$", "\\$")}${mark}`;
}
