/**
 * zod-openapi makes every named shape twice, as it is sent and as it is answered, whether or not both are used. This
 * leaves those that are used, and gives the plain name to one that has no twin. Pure.
 */
import type { createDocument } from "zod-openapi";

type OpenApiDocument = ReturnType<typeof createDocument>;

const PREFIX = "#/components/schemas/";
/** As the library names the answered one of two. */
const ANSWERED = "Output";

export function dropUnusedSchemas(document: OpenApiDocument): OpenApiDocument {
  const all = document.components?.schemas ?? {};
  const used = findUsed(document, all);
  const toName = (name: string): string => {
    const plain = name.endsWith(ANSWERED) ? name.slice(0, -ANSWERED.length) : name;
    return plain in all && !used.has(plain) ? plain : name;
  };
  const schemas = Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => used.has(name))
      .map(([name, schema]) => [toName(name), schema] as const)
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
  const slim = { ...document, components: { ...document.components, schemas } };
  // Reviving a text is the shortest way to every reference in it.
  return JSON.parse(JSON.stringify(slim), (key, value: unknown) =>
    key === "$ref" && typeof value === "string" && value.startsWith(PREFIX)
      ? PREFIX + toName(value.slice(PREFIX.length))
      : value,
  ) as OpenApiDocument;
}

/** The names that the document refers to, directly or through another schema. */
function findUsed(document: OpenApiDocument, all: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const { schemas: _schemas, ...otherComponents } = document.components ?? {};
  const used = new Set<string>();
  const open = [...listReferences([document.paths, otherComponents])];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    open.push(...listReferences(all[name]));
  }
  return used;
}

function listReferences(node: unknown): readonly string[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) =>
    key === "$ref" && typeof value === "string" && value.startsWith(PREFIX)
      ? [value.slice(PREFIX.length)]
      : listReferences(value),
  );
}
