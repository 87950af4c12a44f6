/** In whose words an address of the API speaks: clients of that wire read its refusals too. */

/** `own`: Breakwater's, whose refusals are problem details. */
type ApiWire = "own" | "openai" | "anthropic";

/** Beginnings of paths, the closest first. */
const WIRES: readonly (readonly [path: string, wire: ApiWire])[] = [
  ["/v1/router", "own"],
  ["/v1/messages", "anthropic"],
  ["/v1", "openai"],
];

export function toApiWire(path: string): ApiWire {
  const found = WIRES.find(([beginning]) => path === beginning || path.startsWith(`${beginning}/`));
  return found?.[1] ?? "own";
}
