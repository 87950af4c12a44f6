/** JSON for a schema. Pure. */
import { isObject } from "./provider-wire.ts";

/** The least JSON that fits a schema, as far as a stand-in reads one. */
export function toJsonInstance(schema: Record<string, unknown>): unknown {
  const enumeration = schema["enum"];
  if (Array.isArray(enumeration) && enumeration.length > 0) return enumeration[0];
  if ("const" in schema) return schema["const"];
  switch (schema["type"]) {
    case "string":
      return "sandbox";
    case "integer":
    case "number":
      return 1;
    case "boolean":
      return true;
    case "null":
      return null;
    case "array": {
      const items = schema["items"];
      return typeof items === "object" && items !== null ? [toJsonInstance({ ...items })] : [];
    }
    default: {
      const properties = schema["properties"];
      if (!isObject(properties)) return {};
      const entries = Object.entries(properties).map(([name, property]) => [
        name,
        toJsonInstance(isObject(property) ? property : {}),
      ]);
      return Object.fromEntries(entries);
    }
  }
}
