/** How the stand-ins go on with an answer that broke in the middle: each in its own way, as models do. */
import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { FaultName } from "../../sandbox/fault.ts";
import { SANDBOX_PROVIDERS } from "../../sandbox/provider-wire.ts";
import type { SandboxProvider } from "../../sandbox/provider-wire.ts";
import { startSandbox } from "../../sandbox/server.ts";
import type { Sandbox } from "../../sandbox/server.ts";
import { ADAPTERS, makeProvider, readJournal, resetFaults, startCall, userPrompt } from "./adapter.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, paceMs: 0 });
});
afterAll(() => sandbox.close());
afterEach(() => resetFaults(sandbox.url));

interface Turn {
  readonly role: "user" | "assistant";
  readonly text: string;
}

interface RawOptions {
  readonly modelId?: string;
  readonly maxOutputTokens?: number;
  readonly thinks?: boolean;
  /** DeepSeek's mark on a last message that has to be continued. */
  readonly isPrefix?: boolean;
}

interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly reasoning: string;
  /** Null when the stream did not say that it was done. */
  readonly finish: "stop" | "length" | null;
  /** Thoughts included. */
  readonly outputTokens: number | null;
  /** The message of a refusal. */
  readonly error: string | null;
}

const RAW_MODELS: Readonly<Record<SandboxProvider, string>> = {
  anthropic: "claude-sonnet-5",
  openai: "gpt-6-sol",
  google: "gemini-3.8-flash",
  deepseek: "deepseek-v4-flash",
};

interface RawRequest {
  readonly path: string;
  readonly body: unknown;
}

function toRequest(
  provider: SandboxProvider,
  turns: readonly Turn[],
  { maxOutputTokens, thinks = false, isPrefix, modelId = RAW_MODELS[provider] }: RawOptions,
): RawRequest {
  const messages = turns.map(({ role, text }, index) => ({
    role,
    content: text,
    ...(isPrefix === true && index === turns.length - 1 ? { prefix: true } : {}),
  }));
  if (provider === "anthropic") {
    const thinking = thinks ? { thinking: { type: "adaptive" } } : {};
    const limit = { max_tokens: maxOutputTokens ?? 64_000 };
    return { path: "/v1/messages", body: { model: modelId, stream: true, messages, ...limit, ...thinking } };
  }
  if (provider === "google") {
    const contents = turns.map(({ role, text }) => ({
      role: role === "user" ? "user" : "model",
      parts: [{ text }],
    }));
    const thinkingConfig = thinks ? { thinkingConfig: { thinkingLevel: "high" } } : {};
    return {
      path: `/v1beta/models/${modelId}:streamGenerateContent?alt=sse`,
      body: { contents, generationConfig: { maxOutputTokens, ...thinkingConfig } },
    };
  }
  const thinking = provider === "deepseek" ? { thinking: { type: "enabled" } } : { reasoning_effort: "high" };
  return {
    path: "/v1/chat/completions",
    body: {
      model: modelId,
      messages,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: maxOutputTokens,
      ...(thinks ? thinking : {}),
    },
  };
}

interface Piece {
  readonly text?: string | undefined;
  readonly reasoning?: string | undefined;
  /** The wire's own word. */
  readonly finish?: string | undefined;
  readonly outputTokens?: number | undefined;
}

const AnthropicEvent = z
  .object({
    delta: z.object({ text: z.string(), thinking: z.string(), stop_reason: z.string() }).partial(),
    usage: z.object({ output_tokens: z.number() }),
  })
  .partial()
  .transform(({ delta, usage }): Piece => ({
    text: delta?.text,
    reasoning: delta?.thinking,
    finish: delta?.stop_reason,
    outputTokens: usage?.output_tokens,
  }));

const GoogleEvent = z
  .object({
    candidates: z.array(
      z.object({
        content: z.object({
          parts: z.array(z.object({ text: z.string(), thought: z.boolean().default(false) })),
        }),
        finishReason: z.string().optional(),
      }),
    ),
    usageMetadata: z.object({ candidatesTokenCount: z.number(), thoughtsTokenCount: z.number() }).partial(),
  })
  .partial()
  .transform(({ candidates, usageMetadata: usage }): Piece => {
    const part = candidates?.[0]?.content.parts[0];
    return {
      ...(part?.thought === true ? { reasoning: part.text } : { text: part?.text }),
      finish: candidates?.[0]?.finishReason,
      outputTokens:
        usage?.candidatesTokenCount === undefined
          ? undefined
          : usage.candidatesTokenCount + (usage.thoughtsTokenCount ?? 0),
    };
  });

const ChatEvent = z
  .object({
    choices: z.array(
      z.object({
        delta: z.object({ content: z.string().nullable(), reasoning_content: z.string() }).partial(),
        finish_reason: z.string().nullish(),
      }),
    ),
    usage: z.object({ completion_tokens: z.number() }).nullable(),
  })
  .partial()
  .transform(({ choices, usage }): Piece => ({
    text: choices?.[0]?.delta.content ?? undefined,
    reasoning: choices?.[0]?.delta.reasoning_content,
    finish: choices?.[0]?.finish_reason ?? undefined,
    outputTokens: usage?.completion_tokens,
  }));

const EVENTS = { anthropic: AnthropicEvent, google: GoogleEvent, openai: ChatEvent, deepseek: ChatEvent };

const ErrorBody = z.object({ error: z.object({ message: z.string() }) });

/** As much of a body as came before it ended or broke. */
async function readUntilBroken(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  } catch {
    // A reset connection: what was read is the answer.
  }
  return text;
}

function toPiece(provider: SandboxProvider, block: string): Piece {
  const data = /^data: (\{.*\})$/m.exec(block)?.[1];
  if (data === undefined) return {};
  return EVENTS[provider].parse(JSON.parse(data));
}

function toFinish(reason: string | undefined): RawAnswer["finish"] {
  if (reason === undefined) return null;
  return /^(?:stop|end_turn)$/i.test(reason) ? "stop" : "length";
}

/** A request as the wire has it, without an adapter: what is asked is exactly what a test wrote. */
async function askRaw(
  provider: SandboxProvider,
  turns: readonly Turn[],
  options: RawOptions = {},
): Promise<RawAnswer> {
  const { path, body } = toRequest(provider, turns, options);
  const response = await fetch(`${sandbox.url}/${provider}${path}`, {
    method: "POST",
    headers: { authorization: "Bearer k", "x-api-key": "k", "x-goog-api-key": "k" },
    body: JSON.stringify(body),
  });
  if (!response.ok) {
    const { error } = ErrorBody.parse(await response.json());
    const { status } = response;
    return { status, text: "", reasoning: "", finish: null, outputTokens: null, error: error.message };
  }
  const blocks = (await readUntilBroken(response)).split("\n\n");
  // The last one is empty, or the half of an event.
  const pieces = blocks.slice(0, -1).map((block) => toPiece(provider, block));
  return {
    status: response.status,
    text: pieces.map(({ text }) => text ?? "").join(""),
    reasoning: pieces.map(({ reasoning }) => reasoning ?? "").join(""),
    finish: toFinish(pieces.find(({ finish }) => finish !== undefined)?.finish),
    outputTokens: pieces.findLast(({ outputTokens }) => outputTokens !== undefined)?.outputTokens ?? null,
    error: null,
  };
}

const QUESTION = "How do I count words in Python?";
const HAIKU = { modelId: "claude-haiku-4-5" };

const say = (role: Turn["role"], text: string): Turn => ({ role, text });

async function readWhole(provider: SandboxProvider, options?: RawOptions, question = QUESTION) {
  const { text, finish } = await askRaw(provider, [say("user", question)], options);
  expect(finish).toBe("stop");
  return text;
}

function prefill(
  provider: SandboxProvider,
  partial: string,
  options?: RawOptions,
  question = QUESTION,
): Promise<RawAnswer> {
  return askRaw(provider, [say("user", question), say("assistant", partial)], options);
}

function toInstruction(tail: string): string {
  return `Your last message was cut off by a technical fault. It ended with:\n<cut-off-end>${tail}</cut-off-end>\nGo on exactly where it stopped. Begin by repeating the words between the tags letter for letter, then continue.`;
}

function instruct(
  provider: SandboxProvider,
  partial: string,
  options?: RawOptions,
  tail = partial.slice(-30),
): Promise<RawAnswer> {
  const turns = [say("user", QUESTION), say("assistant", partial), say("user", toInstruction(tail))];
  return askRaw(provider, turns, options);
}

/** What each habit makes of an instruction, in which the last thirty characters were to be repeated. */
function toExpected(provider: SandboxProvider, whole: string, partial: string): string {
  if (provider === "deepseek") return whole;
  const rest = whole.slice(partial.length);
  if (provider === "google") return rest;
  if (provider === "openai") return partial.slice(-30) + rest;
  const said = partial.trimEnd();
  return said.slice(-60).replace(/^\S*\s+/, "") + whole.slice(said.length);
}

describe("prefill", () => {
  const WHO_GOES_ON: readonly (readonly [SandboxProvider, RawOptions])[] = [
    ["anthropic", HAIKU],
    ["google", {}],
    ["deepseek", { isPrefix: true }],
  ];

  test.each(WHO_GOES_ON)("[PR86] %s %j goes on exactly", async (provider, options) => {
    const whole = await readWhole(provider, options);
    const behindHeading = whole.indexOf("\n\n> ") + 2;
    for (const end of [1, 43, behindHeading, 555, whole.length - 1]) {
      // Anthropic takes no whitespace at the end, and whoever trims it gets it back.
      const partial = whole.slice(0, end).trimEnd();
      const { text, finish } = await prefill(provider, partial, options);
      expect(partial + text).toBe(whole);
      expect(finish).toBe("stop");
    }
    expect(await prefill(provider, whole, options)).toMatchObject({ text: "", finish: "stop" });
  });

  test.each([
    ["openai", {}],
    ["openai", { isPrefix: true }],
    ["deepseek", {}],
  ] as const)("[PR86] %s %j starts over", async (provider, options) => {
    const whole = await readWhole(provider, options);
    expect((await prefill(provider, whole.slice(0, 555), options)).text).toBe(whole);
  });

  test("[PR86] whitespace at the end of the partial is not said again", async () => {
    const whole = await readWhole("google");
    const partial = whole.slice(0, whole.indexOf("\n\n") + 1);
    expect(partial + (await prefill("google", partial)).text).toBe(whole);
  });

  test.each(["anthropic", "google"])(
    "[PR86] %s goes on with an answer to a tool's result as well",
    async (name) => {
      const adapter = ADAPTERS.find((candidate) => candidate.name === name);
      if (adapter === undefined) throw new Error(`no adapter ${name}`);
      const { provider } = makeProvider(adapter, sandbox.url);
      const call = { toolCallId: "call_1", toolName: "weather" };
      const asked: LanguageModelV4Prompt = [
        ...userPrompt("What is the weather?"),
        { role: "assistant", content: [{ type: "tool-call", ...call, input: { city: "Paris" } }] },
        {
          role: "tool",
          content: [{ type: "tool-result", ...call, output: { type: "text", value: "sunny" } }],
        },
      ];
      const modelId = name === "anthropic" ? HAIKU.modelId : adapter.modelId;
      const whole = (await startCall(provider, { modelId, prompt: asked })).text;
      const partial = whole.slice(0, 30).trimEnd();
      const { text } = await startCall(provider, {
        modelId,
        prompt: [...asked, { role: "assistant", content: [{ type: "text", text: partial }] }],
      });
      expect(partial + text).toBe(whole);
    },
  );

  test.each(["claude-sonnet-5", "claude-opus-5-5"])("[PR87] %s takes no prefill", async (modelId) => {
    expect(await prefill("anthropic", "I'm glad", { modelId })).toMatchObject({
      status: 400,
      error:
        "This model does not support assistant message prefill. The conversation must end with a user message.",
    });
    expect(await readJournal(sandbox.url)).toMatchObject([{ model: modelId, outcome: "refused" }]);
  });

  test("[PR87] a prefill that ends in whitespace is refused", async () => {
    for (const partial of ["I'm glad ", "I'm glad\n\n"]) {
      expect(await prefill("anthropic", partial, HAIKU)).toMatchObject({
        status: 400,
        error: "messages: final assistant content cannot end with trailing whitespace",
      });
    }
  });
});

describe("another voice", () => {
  test("[PR88] where the partial's end stands in the own text, it goes on behind it", async () => {
    const [own, foreign] = [await readWhole("google"), await readWhole("openai")];
    const partial = foreign.slice(0, foreign.indexOf("counts[word]") + 8);
    const { text } = await prefill("google", partial);
    expect(text.startsWith("ord] = counts.get(word, 0) + 1")).toBe(true);
    expect(own.endsWith(text)).toBe(true);
  });

  test("[PR88] of several places the last one counts, and eleven characters are too few", async () => {
    const question = "the sandbox's stand-in for";
    const own = await readWhole("google", {}, question);
    expect(own.split(question)).toHaveLength(3);
    const { text } = await prefill("google", `Well, ${question}`, {}, question);
    expect(text.startsWith("\n\nThat is 4 words.")).toBe(true);
    const enough = await prefill("google", `${"~".repeat(29)}at is 4 word`, {}, question);
    expect(enough.text.startsWith("s.\n\n## ")).toBe(true);
    const few = await prefill("google", `${"~".repeat(30)}t is 4 word`, {}, question);
    expect(own.slice(41, own.length - few.text.length)).not.toMatch(/\s/);
  });

  test("[PR88] the longest end counts, not a shorter one that stands further on", async () => {
    const question = "Go on [[words:400]]";
    const own = await readWhole("google", {}, question);
    const shared = own.slice(600, own.indexOf(" and the text waits where it was.", 700) + 33);
    expect(own.lastIndexOf(shared.slice(-20))).toBeGreaterThan(1000);
    const { text } = await prefill("google", `In my own words: ${shared}`, {}, question);
    expect(text).toBe(own.slice(600 + shared.length));
  });

  test("[PR88] with nothing in common it goes on at the next word behind as many characters", async () => {
    const own = await readWhole("google");
    const partial = "Etwas ganz anderes, das nirgends steh";
    const { text } = await prefill("google", partial);
    const skipped = own.slice(partial.length, own.length - text.length);
    expect(own.endsWith(text)).toBe(true);
    expect(text).toMatch(/^\s\S/);
    expect(skipped).not.toMatch(/\s/);
    expect((await prefill("google", `${partial} `)).text).toMatch(/^\S/);
    expect(await prefill("google", "~".repeat(own.length))).toMatchObject({ text: "", finish: "stop" });
  });
});

describe("instruction", () => {
  test.each(SANDBOX_PROVIDERS)("[PR89] %s goes on as is its habit", async (provider) => {
    const whole = await readWhole(provider);
    for (const end of [555, whole.indexOf("\n\n> ") + 3, 800]) {
      const partial = whole.slice(0, end);
      const { text, finish } = await instruct(provider, partial);
      expect(text).toBe(toExpected(provider, whole, partial));
      expect(finish).toBe("stop");
    }
  });

  test.each(SANDBOX_PROVIDERS)(
    "[PR89] whitespace at the cut reaches the reader once from %s",
    async (provider) => {
      const whole = await readWhole(provider);
      const partial = whole.slice(0, whole.indexOf("\n\n") + 2);
      expect((await instruct(provider, partial)).text).toBe(toExpected(provider, whole, partial));
    },
  );

  test.each(SANDBOX_PROVIDERS)("[PR89] %s has nothing to add to a whole answer", async (provider) => {
    const whole = await readWhole(provider);
    expect(await instruct(provider, whole)).toMatchObject({
      text: toExpected(provider, whole, whole),
      finish: "stop",
    });
  });

  test("[PR89] what anthropic repeats begins at a word and may differ from what it was asked to repeat", async () => {
    const whole = await readWhole("anthropic");
    const partial = whole.slice(0, 555);
    const { text } = await instruct("anthropic", partial, {}, partial.slice(-8));
    const repeated = text.slice(0, text.length - (whole.length - partial.length));
    expect(repeated.length).toBeGreaterThan(40);
    expect(partial).toMatch(new RegExp(`\\s${RegExp.escape(repeated)}$`));
    const short = whole.slice(0, 20);
    expect((await instruct("anthropic", short)).text).toBe(whole);
    expect((await instruct("anthropic", "~".repeat(100))).text).toMatch(/^~{60}\s/);
  });

  test("[PR89] without an answer before it the same text is a question like any other", async () => {
    const text = toInstruction("the words");
    const answer = await askRaw("google", [say("user", QUESTION), say("user", text)]);
    expect(answer.text).toContain("> Your last message was cut off by a technical fault.");
    const turns = [say("user", QUESTION), say("assistant", "Here's"), say("user", "Go on")];
    expect((await askRaw("google", turns)).text).toContain("> Go on");
  });
});

describe.each(SANDBOX_PROVIDERS)("%s", (provider) => {
  test("[PR90] limit and counts are those of the response that goes on", async () => {
    const whole = await readWhole(provider);
    const partial = whole.slice(0, 555);
    const expected = toExpected(provider, whole, partial);
    expect(await instruct(provider, partial)).toMatchObject({
      text: expected,
      outputTokens: Math.ceil(expected.length / 4),
    });
    expect(await instruct(provider, partial, { maxOutputTokens: 8 })).toMatchObject({
      text: expected.slice(0, 32),
      finish: "length",
      outputTokens: 8,
    });
  });

  test("[PR90] thoughts come first, about the question and not about the wish to go on", async () => {
    const whole = await readWhole(provider);
    const partial = whole.slice(0, 555);
    const { text, reasoning, outputTokens } = await instruct(provider, partial, { thinks: true });
    expect(text).toBe(toExpected(provider, whole, partial));
    expect(outputTokens).toBeGreaterThan(Math.ceil(text.length / 4));
    if (provider === "openai") expect(reasoning).toBe("");
    else expect(reasoning).toContain("The question has 7 words.");
  });

  test.each(["cut", "reset", "error-event", "garbage"] satisfies FaultName[])(
    "[PR93] the fault %s breaks an answer that goes on as well, as often as was said",
    async (fault) => {
      const whole = await readWhole(provider);
      await fetch(`${sandbox.url}/control/${provider}`, {
        method: "PUT",
        body: JSON.stringify({ fault, afterChunks: 20, times: 2 }),
      });
      const first = await askRaw(provider, [say("user", QUESTION)]);
      const expected = toExpected(provider, whole, first.text);
      const second = await instruct(provider, first.text);
      expect([first.text.length, second.text.length]).toEqual([140, 140]);
      expect([first.finish, second.finish]).toEqual([null, null]);
      expect(whole.startsWith(first.text)).toBe(true);
      expect(expected.startsWith(second.text)).toBe(true);
      expect(await instruct(provider, first.text)).toMatchObject({ text: expected, finish: "stop" });
    },
  );
});
