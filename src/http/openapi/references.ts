/** References into the document's components. */
import { RESPONSE_HEADERS, type ResponseHeaderName } from "./headers.ts";

interface Reference {
  readonly $ref: string;
}

export const toSchemaReference = (name: string): Reference => ({ $ref: `#/components/schemas/${name}` });
export const toResponseReference = (name: string): Reference => ({ $ref: `#/components/responses/${name}` });

export function toHeaderReferences(names: readonly ResponseHeaderName[]): Record<string, Reference> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** The headers as components. */
export function toHeaderComponents(): Record<string, (typeof RESPONSE_HEADERS)[ResponseHeaderName]> {
  return { ...RESPONSE_HEADERS };
}
