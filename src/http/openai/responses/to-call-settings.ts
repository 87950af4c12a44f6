/**
 * What a request of OpenAI's Responses API asks of a call beside its input, in neutral words, and back: a kept response is
 * given back with the words that it was asked with. Pure. Rules HT100, HT103, HT190, HT193.
 */
import type { CallSettings } from "../../../protocol/call-settings.ts";
import type { ResponseRequest } from "../../../protocol/openai-responses.ts";
import { toJsonFormat } from "../json-format.ts";

type Tools = NonNullable<CallSettings["tools"]>;

export function toCallSettings(request: ResponseRequest): CallSettings {
  const { instructions, metadata, temperature, max_output_tokens: limit, top_p: topP } = request;
  const effort = request.reasoning?.effort ?? null;
  const notes = metadata ?? {};
  return {
    ...(instructions == null || instructions === "" ? {} : { instructions }),
    ...(limit == null ? {} : { maxOutputTokens: limit }),
    ...(temperature == null ? {} : { temperature }),
    ...(topP == null ? {} : { topP }),
    ...(effort === null ? {} : { reasoningEffort: effort }),
    ...toToolFields(request),
    ...toResponseFormat(request),
    ...(Object.keys(notes).length === 0 ? {} : { metadata: notes }),
  };
}

function toToolFields({
  tools,
  tool_choice: choice,
}: ResponseRequest): Pick<CallSettings, "tools" | "toolChoice"> {
  if (tools === undefined || tools.length === 0) return {};
  return {
    tools: tools.map((tool): Tools[number] => ({
      type: "function",
      name: tool.name,
      ...(tool.description == null ? {} : { description: tool.description }),
      inputSchema: tool.parameters ?? { type: "object", properties: {} },
      ...(tool.strict == null ? {} : { strict: tool.strict }),
    })),
    ...(choice === undefined
      ? {}
      : {
          toolChoice: typeof choice === "string" ? { type: choice } : { type: "tool", toolName: choice.name },
        }),
  };
}

function toResponseFormat({ text }: ResponseRequest): Pick<CallSettings, "responseFormat"> {
  const format = text?.format;
  if (format === undefined || format.type === "text") return {};
  if (format.type === "json_object") return { responseFormat: { type: "json" } };
  return { responseFormat: toJsonFormat(format) };
}

/** The request's own words, as far as they are kept. */
export type AskedWords = Omit<ResponseRequest, "input" | "stream">;

export function toAskedWords(settings: CallSettings): AskedWords {
  const { instructions, metadata, temperature, maxOutputTokens, topP, reasoningEffort } = settings;
  return {
    ...(instructions === undefined ? {} : { instructions }),
    ...(maxOutputTokens === undefined ? {} : { max_output_tokens: maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(reasoningEffort === undefined ? {} : { reasoning: { effort: reasoningEffort } }),
    ...toAskedTools(settings),
    ...toAskedFormat(settings),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function toAskedTools({ tools, toolChoice }: CallSettings): Pick<AskedWords, "tools" | "tool_choice"> {
  if (tools === undefined) return {};
  return {
    tools: tools.map(({ name, description, inputSchema, strict }) => ({
      type: "function" as const,
      name,
      description: description ?? null,
      parameters: inputSchema,
      strict: strict ?? null,
    })),
    ...(toolChoice === undefined
      ? {}
      : {
          tool_choice:
            toolChoice.type === "tool"
              ? { type: "function" as const, name: toolChoice.toolName }
              : toolChoice.type,
        }),
  };
}

function toAskedFormat({ responseFormat }: CallSettings): Pick<AskedWords, "text"> {
  if (responseFormat === undefined) return {};
  const { name, schema } = responseFormat;
  if (name === undefined || schema === undefined) return { text: { format: { type: "json_object" } } };
  return { text: { format: { ...responseFormat, type: "json_schema", name, schema } } };
}
