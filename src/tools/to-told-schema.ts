/**
 * A tool's schema as models are told it. Calls are checked against the whole one: this one only has to be taken by every
 * provider. Pure. Rules TL37, TL44.
 */
import type { JSONSchema7, JSONSchema7Definition } from "@ai-sdk/provider";

type Properties = Record<string, JSONSchema7Definition>;

/**
 * OpenAI and Anthropic refuse a choice between schemas at the top, and OpenAI an object without `properties`: with one
 * such tool among fifty they answer no question at all.
 */
export function toToldSchema(schema: JSONSchema7): JSONSchema7 {
  const { allOf: _all, anyOf: _any, oneOf: _one, not: _not, enum: _enum, $ref, ...rest } = schema;
  // What a whole schema refers to may say more than its properties: which of them have to be given.
  const { required } = $ref === undefined ? rest : { ...follow(schema, $ref), ...rest };
  return {
    ...rest,
    type: "object",
    properties: listProperties(schema, schema, new Set()),
    ...(required === undefined ? {} : { required }),
  };
}

/** The schema's own word on a property stands above a branch's. Each reference is followed once: some go in circles. */
function listProperties(root: JSONSchema7, schema: JSONSchema7Definition, followed: Set<string>): Properties {
  if (typeof schema !== "object") return {};
  const { allOf = [], anyOf = [], oneOf = [], $ref } = schema;
  const isNew = $ref !== undefined && !followed.has($ref);
  if (isNew) followed.add($ref);
  const branches = [...(isNew ? [follow(root, $ref)] : []), ...allOf, ...anyOf, ...oneOf];
  const properties: Properties = {};
  for (const branch of branches) Object.assign(properties, listProperties(root, branch, followed));
  return { ...properties, ...schema.properties };
}

/** What stands under the definitions of the schema itself, which is what generators write; nothing of any other address. */
function follow(root: JSONSchema7, reference: string): JSONSchema7 {
  const [, place, name = ""] = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(reference) ?? [];
  const definitions = place === undefined ? undefined : root[place === "$defs" ? "$defs" : "definitions"];
  const found = definitions?.[decodePointer(name)];
  return typeof found === "object" ? found : {};
}

/** https://www.rfc-editor.org/rfc/rfc6901 */
function decodePointer(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
