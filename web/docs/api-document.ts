/** `/openapi.json` as this page reads it: the parts that it shows. Schemas are read piece by piece (schema-field.ts). */
import { z } from "zod";

const Reference = z.object({ $ref: z.string() });

const Media = z.looseObject({
  schema: z.unknown(),
  examples: z.record(z.string(), z.object({ summary: z.string().optional(), value: z.unknown() })).optional(),
  example: z.unknown().optional(),
});
export type Media = z.infer<typeof Media>;

const Parameter = z.looseObject({
  name: z.string(),
  in: z.enum(["path", "query", "header", "cookie"]),
  required: z.boolean().optional(),
  description: z.string().optional(),
  schema: z.unknown(),
  example: z.unknown().optional(),
});
export type Parameter = z.infer<typeof Parameter>;

const Header = z.looseObject({ description: z.string().optional() });
const Answer = z.looseObject({
  description: z.string(),
  headers: z.record(z.string(), z.union([Reference, Header])).optional(),
  content: z.record(z.string(), Media).optional(),
});
export type Answer = z.infer<typeof Answer>;

const Operation = z.looseObject({
  operationId: z.string(),
  tags: z.array(z.string()).min(1),
  summary: z.string(),
  description: z.string().optional(),
  parameters: z.array(Parameter).default([]),
  requestBody: z
    .looseObject({
      required: z.boolean().optional(),
      description: z.string().optional(),
      content: z.record(z.string(), Media),
    })
    .optional(),
  responses: z.record(z.string(), z.union([Reference, Answer])),
  "x-breakwater-access": z
    .enum(["public", "person", "anyone-known", "admin", "known-or-ticket"])
    .catch("anyone-known"),
  "x-breakwater-frames": z.object({ client: Reference.optional(), server: Reference }).optional(),
});
type ReadOperation = z.infer<typeof Operation>;

const METHODS = ["get", "post", "put", "patch", "delete"] as const;
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
const PathItem = z.looseObject({
  get: Operation.optional(),
  post: Operation.optional(),
  put: Operation.optional(),
  patch: Operation.optional(),
  delete: Operation.optional(),
});

export const ApiDocument = z.looseObject({
  info: z.looseObject({ title: z.string(), version: z.string(), description: z.string().default("") }),
  tags: z.array(z.object({ name: z.string(), description: z.string().default("") })).default([]),
  paths: z.record(z.string(), PathItem),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()).default({}),
    responses: z.record(z.string(), Answer).default({}),
    headers: z.record(z.string(), Header).default({}),
  }),
});
export type ApiDocument = z.infer<typeof ApiDocument>;

/** One operation, with what its references lead to. */
export interface ApiOperation {
  readonly id: string;
  readonly method: Method;
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly access: ReadOperation["x-breakwater-access"];
  readonly parameters: readonly Parameter[];
  readonly body: NonNullable<ReadOperation["requestBody"]> | null;
  /** By status, in its order. */
  readonly answers: readonly ApiAnswer[];
  /** Of a socket: the schemas of what goes up and comes down. */
  readonly frames: { readonly client: unknown; readonly server: unknown } | null;
}

export interface ApiAnswer {
  readonly status: string;
  readonly description: string;
  readonly headers: readonly { readonly name: string; readonly description: string }[];
  readonly content: Readonly<Record<string, Media>>;
}

export interface ApiGroup {
  readonly tag: string;
  readonly description: string;
  readonly operations: readonly ApiOperation[];
}

/** The operations under their tags, in the order of the document. */
export function toGroups(document: ApiDocument): readonly ApiGroup[] {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [toOperation(document, method, path, operation)];
    }),
  );
  return document.tags
    .map(({ name, description }) => ({
      tag: name,
      description,
      operations: operations.filter(({ tag }) => tag === name),
    }))
    .filter(({ operations: members }) => members.length > 0);
}

function toOperation(
  { components }: ApiDocument,
  method: (typeof METHODS)[number],
  path: string,
  operation: ReadOperation,
): ApiOperation {
  const frames = operation["x-breakwater-frames"];
  return {
    id: operation.operationId,
    method: method.toUpperCase() as Method,
    path,
    tag: operation.tags[0] ?? "",
    summary: operation.summary,
    description: operation.description ?? "",
    access: operation["x-breakwater-access"],
    parameters: operation.parameters,
    body: operation.requestBody ?? null,
    answers: Object.entries(operation.responses).map(([status, answer]) =>
      toAnswer(components, status, answer),
    ),
    frames: frames === undefined ? null : { client: frames.client ?? null, server: frames.server },
  };
}

const toName = (reference: unknown): string => String(reference).split("/").at(-1) ?? "";

function toAnswer(
  { responses, headers: known }: ApiDocument["components"],
  status: string,
  answer: ReadOperation["responses"][string],
): ApiAnswer {
  const meant = "$ref" in answer ? responses[toName(answer.$ref)] : answer;
  const { description = "", headers = {}, content = {} } = (meant ?? {}) as Partial<Answer>;
  return {
    status,
    description,
    headers: Object.entries(headers).map(([name, header]) => {
      const found = "$ref" in header ? known[toName(header.$ref)] : header;
      return { name, description: typeof found?.description === "string" ? found.description : "" };
    }),
    content,
  };
}

/** Operations in whose method, address or words every word of a search stands. */
export function findOperations(groups: readonly ApiGroup[], search: string): readonly ApiGroup[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return groups;
  const matches = ({ method, path, summary, id, tag }: ApiOperation): boolean => {
    const text = `${method} ${path} ${summary} ${id} ${tag}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return groups
    .map((group) => ({ ...group, operations: group.operations.filter(matches) }))
    .filter(({ operations }) => operations.length > 0);
}
