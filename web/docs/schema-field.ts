/** JSON schema as a tree of fields to read. Pure; a field's children are made when they are opened, so cycles end. */
import { z } from "zod";

const Schema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  description: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  prefixItems: z.array(z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  format: z.string().optional(),
  default: z.unknown().optional(),
  examples: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  pattern: z.string().optional(),
});
type Schema = z.infer<typeof Schema>;

export type Components = Readonly<Record<string, unknown>>;

export interface SchemaField {
  readonly name: string;
  /** In words: `string`, `array of Leg`, `"a" or "b"`. */
  readonly type: string;
  readonly isRequired: boolean;
  /** One of several kinds, or of any name: nobody can say whether it must be there. */
  readonly isKind: boolean;
  readonly description: string;
  /** Limits and the default. */
  readonly notes: readonly string[];
  /** Null when there is nothing below it. */
  readonly readChildren: (() => readonly SchemaField[]) | null;
}

/** Integers of JavaScript are bounded by what it can count to: that says nothing to a reader. */
const isTelling = (bound: number | undefined): bound is number =>
  bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

const NOTHING = "null";

function read(value: unknown): Schema {
  return Schema.safeParse(value).data ?? {};
}

const toName = ($ref: string): string => $ref.split("/").at(-1) ?? "";

/** What a schema is once its reference is followed. */
function follow(value: unknown, components: Components): Schema {
  const schema = read(value);
  return schema.$ref === undefined ? schema : read(components[toName(schema.$ref)]);
}

const listOptions = (schema: Schema): readonly unknown[] => schema.anyOf ?? schema.oneOf ?? [];
const isNothing = (option: unknown): boolean => read(option).type === NOTHING;

/** The kind of a schema, in words. */
export function toTypeWords(value: unknown): string {
  const schema = read(value);
  if (schema.$ref !== undefined) return toName(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(" or ");
  const options = listOptions(schema);
  if (options.length > 0) {
    const words = [...new Set(options.map(toTypeWords))];
    return words.length > 4 ? `one of ${words.length} kinds` : words.join(" or ");
  }
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length === 0) return "anything";
  return types.map((type) => toPlainType(type, schema)).join(" or ");
}

function toPlainType(type: string, schema: Schema): string {
  if (type === "array") return schema.items === undefined ? "array" : `array of ${toTypeWords(schema.items)}`;
  if (type === "string" && schema.format !== undefined) return schema.format;
  return type;
}

function toNotes(schema: Schema): string[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern } = schema;
  const toRange = (low: number | undefined, high: number | undefined, unit: string): string[] => {
    if (isTelling(low) && isTelling(high))
      return [low === high ? `${low}${unit}` : `${low} to ${high}${unit}`];
    if (isTelling(low)) return low === 0 && unit !== "" ? [] : [`at least ${low}${unit}`];
    return isTelling(high) ? [`at most ${high}${unit}`] : [];
  };
  return [
    ...toRange(minimum, maximum, ""),
    ...toRange(minLength, maxLength, " characters"),
    ...toRange(minItems, maxItems, " items"),
    // A format says the same in a word.
    ...(pattern === undefined || schema.format !== undefined ? [] : [`matches ${pattern}`]),
    ...(schema.default === undefined ? [] : [`default ${JSON.stringify(schema.default)}`]),
  ];
}

/** The values that a simple schema leaves to choose from; empty when it does not. */
export function listChoices(value: unknown, components: Components): readonly string[] {
  const schema = follow(value, components);
  const choices = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
  return choices.filter((choice) => typeof choice === "string");
}

/** An example of a simple schema; empty when it has none. */
export function readHint(value: unknown): string {
  const [example] = read(value).examples ?? [];
  return typeof example === "string" ? example : "";
}

/** Lists and unions in each other, until something has fields; a shape may hold nothing but itself. */
const MAX_WRAPPERS = 12;

/** The fields of an object, the kinds of a union, the items of an array. */
export function listFields(value: unknown, components: Components, wrappers = 0): readonly SchemaField[] {
  if (wrappers > MAX_WRAPPERS) return [];
  const schema = follow(value, components);
  const options = listOptions(schema).filter((option) => !isNothing(option));
  if (options.length === 1) return listFields(options[0], components, wrappers + 1);
  if (options.length > 1) return options.map((option, index) => toOption(option, index, components));
  if (schema.items !== undefined) return listFields(schema.items, components, wrappers + 1);
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) =>
    toField(name, field, required.has(name), components),
  );
  const rest = schema.additionalProperties;
  if (typeof rest !== "object" || rest === null || Object.keys(rest).length === 0) return fields;
  return [...fields, { ...toField("any name", rest, false, components), isKind: true }];
}

function toField(name: string, value: unknown, isRequired: boolean, components: Components): SchemaField {
  const outer = read(value);
  const schema = follow(value, components);
  return {
    name,
    type: toTypeWords(value),
    isRequired,
    isKind: false,
    description: outer.description ?? schema.description ?? "",
    notes: toNotes(outer),
    readChildren: hasFields(value, components) ? () => listFields(value, components) : null,
  };
}

/** A kind of a union is named by what tells it apart: its `type` or `role`, else its component, else its number. */
function toOption(option: unknown, index: number, components: Components): SchemaField {
  const schema = follow(option, components);
  const marks = ["type", "role", "object"].flatMap((name) => {
    const mark = read(schema.properties?.[name]).const;
    return typeof mark === "string" ? [`${name}: ${mark}`] : [];
  });
  const field = toField(marks.join(", "), option, false, components);
  const name = field.name === "" ? field.type : field.name;
  return { ...field, isKind: true, name: name === "object" ? `kind ${index + 1}` : name };
}

function hasFields(value: unknown, components: Components, wrappers = 0): boolean {
  if (wrappers > MAX_WRAPPERS) return false;
  const schema = follow(value, components);
  if (schema.properties !== undefined) return Object.keys(schema.properties).length > 0;
  const inner = [schema.items, schema.additionalProperties, ...listOptions(schema)];
  return inner.some(
    (each) =>
      typeof each === "object" &&
      each !== null &&
      !isNothing(each) &&
      hasFields(each, components, wrappers + 1),
  );
}
