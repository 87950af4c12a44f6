/** Typed reading of environment variables: text, keys, URLs, lists. Values that may be secret are never in an error. */
import { z } from "zod";

/** What an operator has to mend: the variable by name, never its value. */
export interface EnvironmentError {
  readonly variable: string;
  readonly message: string;
}

/** Far above every provider's key and below every header limit. */
const MAX_KEY_CHARACTERS = 512;
/** A list in an environment variable; more is a mistake. */
const MAX_LISTED_MODELS = 100;
const MAX_MODEL_ID_CHARACTERS = 200;

/** A variable is absent when it is missing or blank, as `FOO=` in a .dev.vars file leaves it. */
const TextVariable = z
  .string()
  .optional()
  .transform((text) => {
    const trimmed = text?.trim() ?? "";
    return trimmed === "" ? null : trimmed;
  });

/** What the caller passes: the environment as it is; only the names above are looked at. */
export type EnvironmentRecord = Readonly<Record<string, unknown>>;

/** Reads variable by variable and gathers every mistake, so that all are told at once. */
export class EnvironmentReader {
  readonly errors: EnvironmentError[] = [];
  readonly #env: EnvironmentRecord;

  constructor(env: EnvironmentRecord) {
    this.#env = env;
  }

  text(variable: string): string | null {
    const parsed = TextVariable.safeParse(this.#env[variable]);
    if (parsed.success) return parsed.data;
    this.errors.push({ variable, message: `${variable} must be text` });
    return null;
  }

  key(variable: string): string | null {
    const key = this.text(variable);
    if (key === null) return null;
    // Anything outside printable ASCII cannot be sent in a header; it is usually a key pasted with its line break.
    if (key.length > MAX_KEY_CHARACTERS || !/^[\x21-\x7e]+$/.test(key)) {
      this.errors.push({ variable, message: `${variable} holds characters that no key has, or is too long` });
      return null;
    }
    return key;
  }

  url(variable: string): string | null {
    const text = this.text(variable);
    if (text === null) return null;
    const url = URL.canParse(text) ? new URL(text) : null;
    const problem =
      url === null || (url.protocol !== "http:" && url.protocol !== "https:")
        ? "must be an http or https URL, such as https://api.example.com/v1"
        : url.username !== "" || url.password !== ""
          ? "must not carry a user name or password"
          : url.search !== "" || url.hash !== ""
            ? "must not have a query or a fragment"
            : null;
    if (url !== null && problem === null) return withoutEndSlash(url.toString());
    this.errors.push({ variable, message: `${variable} ${problem ?? "is not a URL"}` });
    return null;
  }

  models(variable: string): readonly string[] {
    const models = (this.text(variable) ?? "").split(",").map((model) => model.trim());
    const named = [...new Set(models.filter((model) => model !== ""))];
    if (named.length > MAX_LISTED_MODELS || named.some((model) => model.length > MAX_MODEL_ID_CHARACTERS)) {
      this.errors.push({
        variable,
        message: `${variable} lists more than ${MAX_LISTED_MODELS} models, or one that is too long`,
      });
      return [];
    }
    return named;
  }

  hasBinding(name: string): boolean {
    const binding = this.#env[name];
    return typeof binding === "object" && binding !== null;
  }
}

function withoutEndSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
