/** The parts of addresses that vary, by the names that the access table gives them. */
import { z } from "zod";
import { CircuitAction } from "../../protocol/circuit.ts";

const id = (description: string, example: string) => z.string().meta({ description, examples: [example] });

export const PATH_PARAMETERS: Readonly<Record<string, z.ZodType>> = {
  sessionId: id("A chat's id.", "chat_01k9z7w0h8a4xv3n5c2b6d8e0f"),
  chatId: id("A chat's id, or the name that a client has made up for it.", "vK3xYw0Qm5RtBz8L"),
  model: id("A class, or a target `provider/model-id`; its slash may be encoded.", "balanced"),
  attachmentId: id("An attached file's id.", "file_01k9z7w0h8a4xv3n5c2b6d8e0f"),
  responseId: id("A kept response's id.", `resp_${"0".repeat(21)}k9z7w${"0".repeat(26)}`),
  token: id("What a read-only link ends with.", `chat_01k9z7w0h8a4xv3n5c2b6d8e0f.${"5".repeat(64)}`),
  keyId: id("An API key's id, not the key.", "key_01k9z7w0h8a4xv3n5c2b6d8e0f"),
  selectionId: id("A selection's id.", "sel_01k9z7w0h8a4xv3n5c2b6d8e0f"),
  provider: id("A provider's name.", "anthropic"),
  action: CircuitAction.meta({ description: "What to do with the circuit." }),
};

/** `:id` and, for what may have slashes in it, `:id{.+}`. */
const PART = /:(\w+)(?:\{[^}]*\})?/g;

/** An address of the access table as OpenAPI writes it. */
export const toDocumentPath = (path: string): string => path.replace(PART, "{$1}");

/** Those of one address, in its order. */
export function toPathParameters(path: string): z.ZodObject | null {
  const names = [...path.matchAll(PART)].map(([, name = ""]) => name);
  if (names.length === 0) return null;
  const shapes = names.map((name): [string, z.ZodType] => {
    const shape = PATH_PARAMETERS[name];
    if (shape === undefined) throw new Error(`the address part :${name} has no description`);
    return [name, shape];
  });
  return z.object(Object.fromEntries(shapes));
}
