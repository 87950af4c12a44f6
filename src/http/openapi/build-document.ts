/**
 * Puts the document together: operations, their access, their refusals, and the shapes as JSON schema. Loaded when the
 * document is first asked for (rule HT164). Pure.
 */
import { createDocument, type CreateDocumentOptions } from "zod-openapi";
import type {
  ZodOpenApiContentObject,
  ZodOpenApiOperationObject,
  ZodOpenApiPathItemObject,
  ZodOpenApiResponseObject,
} from "zod-openapi";
import { ACCESS_RULES, type Access } from "../../auth/access.ts";
import { assert } from "../../base/assert.ts";
import { dropUnusedSchemas } from "./drop-unused-schemas.ts";
import { describeFields } from "./field-words.ts";
import { INTRODUCTION } from "./introduction.ts";
import { TAGS, type AnswerDoc, type MediaDoc, type OperationDoc } from "./operation.ts";
import { OPERATIONS } from "./operations.ts";
import { toDocumentPath, toPathParameters } from "./path-parameters.ts";
import {
  toHeaderComponents,
  toHeaderReferences,
  toResponseReference,
  toSchemaReference,
} from "./references.ts";
import { toRefusalComponents, toRefusalName, toRefusalStatuses } from "./refusals.ts";
import { SCHEMAS } from "./schemas.ts";
import { SECURITY_SCHEMES, toSecurity } from "./security.ts";

export interface DocumentFacts {
  readonly version: string;
  readonly publicUrl: string;
}

const OPTIONS: CreateDocumentOptions = {
  override: ({ jsonSchema, zodSchema, io }) => {
    const { def } = zodSchema._zod;
    if (def.type !== "object") return;
    // Answers may get more fields at any time; only what we are sent is held to its fields.
    if (io === "output" && def.catchall === undefined) delete jsonSchema.additionalProperties;
    if (io === "input") allowBareMessage(jsonSchema);
    describeFields(zodSchema, jsonSchema);
  },
};

type ShownSchema = Parameters<NonNullable<CreateDocumentOptions["override"]>>[0]["jsonSchema"];

/** A message of OpenAI's Responses may leave its `type` out: it is put in before the shape is looked at, which is not seen here. */
function allowBareMessage(schema: ShownSchema): void {
  const { type, role } = schema.properties ?? {};
  if (role === undefined || typeof type !== "object" || type.const !== "message") return;
  schema.required = schema.required?.filter((name) => name !== "type") ?? [];
}

export function buildDocument({ version, publicUrl }: DocumentFacts): ReturnType<typeof createDocument> {
  const paths: Record<string, ZodOpenApiPathItemObject> = {};
  for (const operation of OPERATIONS) {
    const path = toDocumentPath(operation.path);
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: toOperation(operation) };
  }
  const document = createDocument(
    {
      openapi: "3.1.1",
      info: {
        title: "Breakwater",
        version,
        summary: "Chat over many model providers that keeps its word when one of them dies.",
        description: INTRODUCTION,
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: publicUrl }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      paths,
      components: {
        schemas: SCHEMAS,
        responses: toRefusalComponents(),
        headers: toHeaderComponents(),
        securitySchemes: SECURITY_SCHEMES,
      },
    },
    OPTIONS,
  );
  return dropUnusedSchemas(document);
}

function toOperation(operation: OperationDoc): ZodOpenApiOperationObject {
  const access = readAccess(operation);
  const refusals = toRefusalStatuses(operation, access)
    // One that the operation describes itself, with a body of its own.
    .filter((status) => !(status in operation.answers))
    .map(
      (status) => [`${status}` as const, toResponseReference(toRefusalName(operation.path, status))] as const,
    );
  const answers = Object.entries(operation.answers).map(
    ([status, answer]) => [status as `2${string}`, toAnswer(answer)] as const,
  );
  const path = toPathParameters(operation.path);
  const { description, query, requestHeaders, body, frames } = operation;
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(description === undefined ? {} : { description }),
    security: toSecurity(access),
    "x-breakwater-access": access,
    ...(frames === undefined ? {} : { "x-breakwater-frames": toFrames(frames) }),
    requestParams: {
      ...(path === null ? {} : { path }),
      ...(query === undefined ? {} : { query }),
      ...(requestHeaders === undefined ? {} : { header: requestHeaders }),
    },
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.required,
            ...(body.description === undefined ? {} : { description: body.description }),
            content: toContent(body.content),
          },
        }),
    responses: { ...Object.fromEntries(answers), ...Object.fromEntries(refusals) },
  };
}

function readAccess({ method, path }: OperationDoc): Access {
  const rule = ACCESS_RULES.find((known) => known.method === method && known.path === path);
  assert(rule !== undefined, `${method} ${path} is described and is in the access table`);
  return rule.access;
}

function toAnswer({ description, headers = [], content }: AnswerDoc): ZodOpenApiResponseObject {
  return {
    description,
    headers: toHeaderReferences(["x-request-id", ...headers]),
    ...(content === undefined ? {} : { content: toContent(content) }),
  };
}

function toContent(content: Readonly<Record<string, MediaDoc>>): ZodOpenApiContentObject {
  return Object.fromEntries(
    Object.entries(content).map(([type, { shape, format, examples }]) => [
      type,
      {
        schema: shape ?? { type: "string", ...(format === "binary" ? { format } : {}) },
        ...(examples === undefined ? {} : { examples: { ...examples } }),
      },
    ]),
  );
}

function toFrames({ client, server }: NonNullable<OperationDoc["frames"]>): object {
  return {
    ...(client === null ? {} : { client: toSchemaReference(client) }),
    server: toSchemaReference(server),
  };
}
