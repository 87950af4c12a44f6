/** From what was filled in to a request, and to the same request as a command. Pure. Rules WB75 to WB77. */
import type { ApiOperation, Parameter } from "./api-document.ts";

/** What was filled in. */
export interface TryInput {
  /** By place and name: `path.sessionId`. Empty means left out. */
  readonly values: Readonly<Record<string, string>>;
  /** The body as text; null where there is none. */
  readonly body: string | null;
  readonly mediaType: string | null;
  /** An API key; empty when the cookie is to do. */
  readonly key: string;
}

export interface TryRequest {
  readonly method: string;
  /** From the origin's root. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Whether the signed-in person's cookie goes along. */
  readonly withCookie: boolean;
}

export type TryOutcome =
  | { readonly ok: true; readonly request: TryRequest }
  /** What to do first, and at which field; null when it is about none. */
  | { readonly ok: false; readonly field: string | null; readonly message: string };

export const toFieldName = ({ in: place, name }: Parameter): string => `${place}.${name}`;

/** Why this operation cannot be tried on this page; null when it can. */
export function toObstacle(operation: ApiOperation): string | null {
  if (operation.frames !== null) return "This is a WebSocket: open it from a program.";
  const types = Object.keys(operation.body?.content ?? {});
  if (types.length > 0 && !types.includes("application/json")) {
    return "The body is a file: send it from a program, or attach it in a chat.";
  }
  const isForPeople = operation.access === "person" || operation.access === "admin";
  if (isForPeople && operation.method !== "GET") {
    return "This is for people, on their own pages: keys under API keys, circuits on the console.";
  }
  return null;
}

/** The request for what was filled in, or what is missing. */
export function toTryRequest(operation: ApiOperation, input: TryInput): TryOutcome {
  const obstacle = toObstacle(operation);
  if (obstacle !== null) return { ok: false, field: null, message: obstacle };
  const missing = operation.parameters.find(
    (parameter) => parameter.required === true && valueOf(input, parameter) === "",
  );
  if (missing !== undefined) {
    return { ok: false, field: toFieldName(missing), message: `Fill in ${missing.name} first.` };
  }
  const isForPeople = operation.access === "person" || operation.access === "admin";
  const key = isForPeople ? "" : input.key.trim();
  if (key !== "" && !/^[\x21-\x7e]+$/.test(key)) {
    return { ok: false, field: "key", message: "An API key has letters, digits and signs only, no spaces." };
  }
  if (key === "" && operation.method !== "GET" && operation.access !== "public") {
    return {
      ok: false,
      field: "key",
      message: "Type an API key first: what is sent from here acts in its name.",
    };
  }
  const body = input.body === null || input.body.trim() === "" ? null : input.body;
  const broken = body === null ? null : explainBrokenJson(body);
  if (broken !== null) return { ok: false, field: "body", message: broken };
  if (body === null && operation.body?.required === true) {
    return { ok: false, field: "body", message: "Fill in the body first." };
  }
  return { ok: true, request: toRequest(operation, input, key, body) };
}

const valueOf = ({ values }: TryInput, parameter: Parameter): string =>
  (values[toFieldName(parameter)] ?? "").trim();

function toRequest(operation: ApiOperation, input: TryInput, key: string, body: string | null): TryRequest {
  const filled = operation.parameters
    .map((parameter) => ({ parameter, value: valueOf(input, parameter) }))
    .filter(({ value }) => value !== "");
  const path = filled
    .filter(({ parameter }) => parameter.in === "path")
    // The id of a model has slashes in it, and they are part of its address.
    .reduce(
      (text, { parameter: { name }, value }) =>
        text.replace(`{${name}}`, () => value.split("/").map(encodeURIComponent).join("/")),
      operation.path,
    );
  const query = new URLSearchParams(
    filled
      .filter(({ parameter }) => parameter.in === "query")
      .map(({ parameter, value }) => [parameter.name, value]),
  ).toString();
  return {
    method: operation.method,
    path: query === "" ? path : `${path}?${query}`,
    headers: {
      ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      ...(body === null ? {} : { "content-type": input.mediaType ?? "application/json" }),
      ...Object.fromEntries(
        filled
          .filter(({ parameter }) => parameter.in === "header")
          .map(({ parameter, value }) => [parameter.name, value]),
      ),
    },
    body,
    // A key is judged by itself; and only reading is done in the name of whoever happens to be signed in.
    withCookie: key === "" && operation.method === "GET",
  };
}

function explainBrokenJson(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `The body is not valid JSON${error instanceof SyntaxError ? `: ${error.message}` : ""}.`;
  }
}

/** What is for people needs their cookie, which no command has. */
export const hasCommand = ({ access, frames }: ApiOperation): boolean =>
  access !== "person" && access !== "admin" && frames === null;

/** Quoted for a POSIX shell. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What stands for a key in a command: the page never shows one. */
const KEY_VARIABLE = "$BREAKWATER_KEY";

/** The same as a command for a terminal; with a variable in place of the key. */
export function toCurl(operation: ApiOperation, input: TryInput, origin: string): string {
  const body = input.body === null || input.body.trim() === "" ? null : input.body;
  const { path, headers } = toRequest(operation, input, "", body);
  const lines = [
    `curl ${operation.method === "GET" ? "" : `-X ${operation.method} `}${quote(origin + path)}`,
    ...(operation.access === "public" ? [] : [`-H "authorization: Bearer ${KEY_VARIABLE}"`]),
    ...Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(body === null ? [] : [`-d ${quote(toOneLine(body))}`]),
  ];
  return lines.join(" \\\n  ");
}

function toOneLine(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return body;
  }
}
