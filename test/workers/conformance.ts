/** The clients that people have, as one thing that can be asked: each over its own wire, unmodified, in workerd. */
import Anthropic from "@anthropic-ai/sdk";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { exports } from "cloudflare:workers";
import OpenAI from "openai";
import { ORIGIN } from "./sandbox-people.ts";

export interface Asked {
  readonly model: string;
  readonly question: string;
  readonly signal?: AbortSignal;
}

/** What a client made of an answer that it took for finished; it rejects where it takes it for broken. */
export interface Told {
  readonly text: string;
  readonly finish: string | null;
}

export interface ConformingClient {
  readonly name: string;
  stream(asked: Asked, onText?: (text: string) => void): Promise<Told>;
  whole(asked: Asked): Promise<Told>;
  /** Asks with a tool `weather(city)`; the arguments it was called with. */
  callTool(asked: Asked): Promise<unknown>;
  /** Shows a picture. */
  look(asked: Asked & { readonly png: string }): Promise<Told>;
}

const toFetch: typeof fetch = (input, init) => exports.default.fetch(new Request(input, init));

const WEATHER = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
} as const;
const DESCRIPTION = "The weather of a city";
const MAX_TOKENS = 4_000;

function parseJson(text: string): unknown {
  return JSON.parse(text);
}

function toOpenAi(apiKey: string): ConformingClient {
  const client = new OpenAI({ baseURL: `${ORIGIN}/v1`, apiKey, maxRetries: 0, fetch: toFetch });
  const ask = (question: string) => [{ role: "user" as const, content: question }];
  const toTold = (choice: OpenAI.ChatCompletion.Choice | undefined): Told => ({
    text: choice?.message.content ?? "",
    finish: choice?.finish_reason ?? null,
  });
  return {
    name: "openai",
    stream: async ({ model, question, signal }, onText) => {
      const stream = await client.chat.completions.create(
        { model, messages: ask(question), stream: true },
        { signal },
      );
      let [text, finish]: [string, string | null] = ["", null];
      for await (const { choices } of stream) {
        const delta = choices[0]?.delta.content ?? "";
        text += delta;
        if (delta !== "") onText?.(text);
        finish = choices[0]?.finish_reason ?? finish;
      }
      // This client ends an aborted stream without a word.
      signal?.throwIfAborted();
      return { text, finish };
    },
    whole: async ({ model, question, signal }) => {
      const answer = await client.chat.completions.create({ model, messages: ask(question) }, { signal });
      return toTold(answer.choices[0]);
    },
    callTool: async ({ model, question }) => {
      const answer = await client.chat.completions.create({
        model,
        messages: ask(question),
        tools: [
          { type: "function", function: { name: "weather", description: DESCRIPTION, parameters: WEATHER } },
        ],
      });
      const call = answer.choices[0]?.message.tool_calls?.[0];
      return call?.type === "function" ? parseJson(call.function.arguments) : null;
    },
    look: async ({ model, question, png }) => {
      const content = [
        { type: "text" as const, text: question },
        { type: "image_url" as const, image_url: { url: `data:image/png;base64,${png}` } },
      ];
      const answer = await client.chat.completions.create({ model, messages: [{ role: "user", content }] });
      return toTold(answer.choices[0]);
    },
  };
}

function toResponses(apiKey: string): ConformingClient {
  const client = new OpenAI({ baseURL: `${ORIGIN}/v1`, apiKey, maxRetries: 0, fetch: toFetch });
  const toTold = (answer: OpenAI.Responses.Response): Told => ({
    text: answer.output_text,
    finish: answer.status ?? null,
  });
  return {
    name: "openai responses",
    stream: async ({ model, question, signal }, onText) => {
      const stream = await client.responses.create({ model, input: question, stream: true }, { signal });
      let [text, finish]: [string, string | null] = ["", null];
      for await (const event of stream) {
        if (event.type === "response.output_text.delta") {
          text += event.delta;
          onText?.(text);
        }
        if (event.type === "response.completed") finish = "completed";
        if (event.type === "response.failed") throw new Error(event.response.error?.message ?? "failed");
      }
      // This client ends an aborted stream without a word.
      signal?.throwIfAborted();
      if (finish === null) throw new Error("the stream ended without an end");
      return { text, finish };
    },
    whole: async ({ model, question, signal }) =>
      toTold(await client.responses.create({ model, input: question }, { signal })),
    callTool: async ({ model, question }) => {
      const answer = await client.responses.create({
        model,
        input: question,
        tools: [
          {
            type: "function",
            name: "weather",
            description: DESCRIPTION,
            parameters: { ...WEATHER },
            strict: false,
          },
        ],
      });
      const call = answer.output.find((item) => item.type === "function_call");
      return call === undefined ? null : parseJson(call.arguments);
    },
    look: async ({ model, question, png }) =>
      toTold(
        await client.responses.create({
          model,
          input: [
            {
              role: "user",
              content: [
                { type: "input_text", text: question },
                { type: "input_image", image_url: `data:image/png;base64,${png}`, detail: "auto" },
              ],
            },
          ],
        }),
      ),
  };
}

function toAnthropic(apiKey: string): ConformingClient {
  const client = new Anthropic({ baseURL: ORIGIN, apiKey, maxRetries: 0, fetch: toFetch });
  const common = { max_tokens: MAX_TOKENS };
  const toTold = ({ content, stop_reason }: Anthropic.Message): Told => ({
    text: content.map((block) => (block.type === "text" ? block.text : "")).join(""),
    finish: stop_reason,
  });
  return {
    name: "anthropic",
    stream: async ({ model, question, signal }, onText) => {
      const stream = client.messages.stream(
        { ...common, model, messages: [{ role: "user", content: question }] },
        { signal },
      );
      stream.on("text", (_, text) => onText?.(text));
      return toTold(await stream.finalMessage());
    },
    whole: async ({ model, question, signal }) =>
      toTold(
        await client.messages.create(
          { ...common, model, messages: [{ role: "user", content: question }] },
          { signal },
        ),
      ),
    callTool: async ({ model, question }) => {
      const { content } = await client.messages.create({
        ...common,
        model,
        messages: [{ role: "user", content: question }],
        tools: [
          { name: "weather", description: DESCRIPTION, input_schema: { ...WEATHER, required: ["city"] } },
        ],
      });
      return content.find((block) => block.type === "tool_use")?.input ?? null;
    },
    look: async ({ model, question, png }) =>
      toTold(
        await client.messages.create({
          ...common,
          model,
          messages: [
            {
              role: "user",
              content: [
                { type: "text", text: question },
                { type: "image", source: { type: "base64", media_type: "image/png", data: png } },
              ],
            },
          ],
        }),
      ),
  };
}

type AiSdkModel = Parameters<typeof generateText>[0]["model"];

function toAiSdk(name: string, open: (model: string) => AiSdkModel): ConformingClient {
  const common = (model: string) => ({ model: open(model), maxRetries: 0 });
  return {
    name,
    stream: async ({ model, question, signal }, onText) => {
      const result = streamText({
        ...common(model),
        prompt: question,
        ...(signal === undefined ? {} : { abortSignal: signal }),
      });
      let text = "";
      for await (const part of result.stream) {
        if (part.type === "error") throw part.error;
        if (part.type === "abort") throw new Error("aborted");
        if (part.type !== "text-delta") continue;
        text += part.text;
        onText?.(text);
      }
      return { text, finish: await result.finishReason };
    },
    whole: async ({ model, question, signal }) => {
      const { text, finishReason } = await generateText({
        ...common(model),
        prompt: question,
        ...(signal === undefined ? {} : { abortSignal: signal }),
      });
      return { text, finish: finishReason };
    },
    callTool: async ({ model, question }) => {
      const { toolCalls } = await generateText({
        ...common(model),
        prompt: question,
        stopWhen: stepCountIs(1),
        tools: {
          weather: tool({
            description: DESCRIPTION,
            inputSchema: jsonSchema({ ...WEATHER, required: ["city"] }),
          }),
        },
      });
      const input: unknown = toolCalls[0]?.input;
      return input ?? null;
    },
    look: async ({ model, question, png }) => {
      const { text, finishReason } = await generateText({
        ...common(model),
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: question },
              { type: "file", mediaType: "image/png", data: png },
            ],
          },
        ],
      });
      return { text, finish: finishReason };
    },
  };
}

function toLangChain(apiKey: string): ConformingClient {
  const open = (model: string): ChatOpenAI =>
    new ChatOpenAI({
      model,
      apiKey,
      maxRetries: 0,
      configuration: { baseURL: `${ORIGIN}/v1`, fetch: toFetch },
    });
  const toTold = (message: { text: string; response_metadata: Record<string, unknown> }): Told => {
    const finish = message.response_metadata["finish_reason"];
    return { text: message.text, finish: typeof finish === "string" ? finish : null };
  };
  return {
    name: "langchain",
    stream: async ({ model, question, signal }, onText) => {
      let [text, finish]: [string, string | null] = ["", null];
      for await (const chunk of await open(model).stream(question, signal === undefined ? {} : { signal })) {
        text += chunk.text;
        if (chunk.text !== "") onText?.(text);
        finish = toTold(chunk).finish ?? finish;
      }
      return { text, finish };
    },
    whole: async ({ model, question, signal }) =>
      toTold(await open(model).invoke(question, signal === undefined ? {} : { signal })),
    callTool: async ({ model, question }) => {
      const bound = open(model).bindTools([
        { type: "function", function: { name: "weather", description: DESCRIPTION, parameters: WEATHER } },
      ]);
      return (await bound.invoke(question)).tool_calls?.[0]?.args ?? null;
    },
    look: async ({ model, question, png }) =>
      toTold(
        await open(model).invoke([
          {
            role: "user",
            content: [
              { type: "text", text: question },
              { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } },
            ],
          },
        ]),
      ),
  };
}

/** Every client over every wire that it speaks. */
export function listClients(apiKey: string): ConformingClient[] {
  const openAi = createOpenAI({ baseURL: `${ORIGIN}/v1`, apiKey, fetch: toFetch });
  const anthropic = createAnthropic({ baseURL: `${ORIGIN}/v1`, apiKey, fetch: toFetch });
  return [
    toOpenAi(apiKey),
    toResponses(apiKey),
    toAnthropic(apiKey),
    toAiSdk("AI SDK, OpenAI chat", (model) => openAi.chat(model)),
    toAiSdk("AI SDK, OpenAI responses", (model) => openAi.responses(model)),
    toAiSdk("AI SDK, Anthropic", (model) => anthropic(model)),
    toLangChain(apiKey),
  ];
}
