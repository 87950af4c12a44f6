/** The format of an answer in JSON as OpenAI's wires ask for it, in neutral words; what was not said is left out. Pure. Rules HT40, HT100. */
import type { CallSettings } from "../../protocol/call-settings.ts";

interface AskedFormat {
  readonly name: string;
  readonly description?: string | undefined;
  readonly schema?: Record<string, unknown> | undefined;
  readonly strict?: boolean | null | undefined;
}

export function toJsonFormat({
  name,
  description,
  schema,
  strict,
}: AskedFormat): NonNullable<CallSettings["responseFormat"]> {
  return {
    type: "json",
    name,
    ...(description === undefined ? {} : { description }),
    ...(schema === undefined ? {} : { schema }),
    ...(strict == null ? {} : { strict }),
  };
}
