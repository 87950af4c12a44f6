/**
 * A tool's schema as models are told it. Calls are checked against the whole one: this one only has to be taken by every
 * provider. Pure. Rule TL37.
 */
import type { JSONSchema7, JSONSchema7Definition } from "@ai-sdk/provider";

type Properties = Record<string, JSONSchema7Definition>;

/**
 * OpenAI and Anthropic refuse a choice between schemas at the top, and OpenAI an object without `properties`: with one
 * such tool among fifty they answer no question at all.
 */
export function toToldSchema(schema: JSONSchema7): JSONSchema7 {
  const { allOf = [], anyOf = [], oneOf = [], not: _not, enum: _enum, ...rest } = schema;
  const properties: Properties = {};
  // The schema's own word on a property stands above a branch's.
  for (const each of [...allOf, ...anyOf, ...oneOf, rest]) Object.assign(properties, toProperties(each));
  return { ...rest, type: "object", properties };
}

function toProperties(schema: JSONSchema7Definition): Properties {
  return typeof schema === "object" ? (schema.properties ?? {}) : {};
}
