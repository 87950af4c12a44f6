/** The sandbox itself: what its stand-ins say, its control and its journal, and the process that `npm start` runs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text as readAll } from "node:stream/consumers";
import type { LanguageModelV4FunctionTool } from "@ai-sdk/provider";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { FAULT_NAMES } from "../../sandbox/fault.ts";
import { SANDBOX_PROVIDERS } from "../../sandbox/provider-wire.ts";
import { startSandbox } from "../../sandbox/server.ts";
import type { Sandbox } from "../../sandbox/server.ts";
import {
  ADAPTERS,
  makeProvider,
  readJournal,
  resetFaults,
  setFault,
  startCall,
  userPrompt,
} from "./adapter.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, paceMs: 0 });
});
afterAll(() => sandbox.close());
afterEach(() => resetFaults(sandbox.url));

async function ask(name: string, question: string): Promise<string> {
  const adapter = ADAPTERS.find((candidate) => candidate.name === name);
  if (adapter === undefined) throw new Error(`no adapter ${name}`);
  const { provider } = makeProvider(adapter, sandbox.url);
  return (await startCall(provider, { modelId: adapter.modelId, prompt: userPrompt(question) })).text;
}

function chat(
  headers: Record<string, string>,
  body: unknown = { model: "gpt-6-sol", messages: [] },
): Promise<Response> {
  return fetch(`${sandbox.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
}

describe("answers", () => {
  test.each(SANDBOX_PROVIDERS)(
    "[PR94] %s makes a title and a summary of what the person said",
    async (name) => {
      const conversation = "Person: How do tides work, please? [[words:9]]\n\nAssistant: They come and go.";
      const title = await ask(
        name,
        `Write a title of at most six words for the conversation below.\n\n${conversation}`,
      );
      expect(title).toBe("How do tides work, please");
      const summary = await ask(name, `Summarise the conversation below for yourself.\n\n${conversation}`);
      expect(summary).toContain("- How do tides work, please");
      expect(summary).not.toContain("words:9");
    },
  );

  test.each(SANDBOX_PROVIDERS)(
    "[PR80] %s says what it is, quotes the question, and repeats itself",
    async (name) => {
      const question = "How do I count words in Python?";
      const answer = await ask(name, question);
      expect(answer.split("\n")[0]).toContain("No model wrote these words.");
      expect(answer).toContain(`> ${question}`);
      expect(answer).toContain("```python");
      expect(answer).toContain("| Words in the question | 7 |");
      const words = answer.split(/\s+/).length;
      expect(words).toBeGreaterThan(150);
      expect(words).toBeLessThan(400);
      expect(await ask(name, question)).toBe(answer);
    },
  );

  test("[PR80] each stand-in has a voice of its own", async () => {
    const answers = await Promise.all(SANDBOX_PROVIDERS.map((name) => ask(name, "Hello")));
    expect(new Set(answers.map((answer) => answer.split(":")[0])).size).toBe(SANDBOX_PROVIDERS.length);
  });

  test("[PR81] short replies, word counts and tools that were not offered", async () => {
    expect(await ask("openai", "Reply with OK")).toBe("OK");
    expect(await ask("google", 'Answer with just "yes".')).toBe("yes");
    expect((await ask("deepseek", "[[words:37]]")).split(/\s+/)).toHaveLength(37);
    expect(await ask("openai", "[[tool:weather {}]]")).toContain("stand-in for **OpenAI**");
  });

  test("[PR147] Anthropic's takes no budget for thoughts in the middle of a turn without any", async () => {
    const use = { type: "tool_use", id: "toolu_1", name: "look", input: {} };
    const result = { type: "tool_result", tool_use_id: "toolu_1", content: "Rain" };
    const statusOf = async (thinking: object, before: readonly object[], answer: object): Promise<number> => {
      const messages = [
        { role: "user", content: "Oslo?" },
        { role: "assistant", content: [...before, use] },
        { role: "user", content: [answer] },
      ];
      const response = await fetch(`${sandbox.url}/anthropic/v1/messages`, {
        method: "POST",
        headers: { "x-api-key": "k", "anthropic-version": "2023-06-01" },
        body: JSON.stringify({ model: "claude-haiku-4-5", max_tokens: 4_000, thinking, messages }),
      });
      const text = await response.text();
      if (response.status === 400) expect(text).toContain("messages.1.content.0.type: Expected");
      return response.status;
    };
    const budget = { type: "enabled", budget_tokens: 2_000 };
    const text = { type: "text", text: "Let me look." };
    const thought = { type: "thinking", thinking: "Hm.", signature: "s" };
    expect(await statusOf(budget, [], result)).toBe(400);
    expect(await statusOf(budget, [text], result)).toBe(400);
    expect(await statusOf(budget, [thought], result)).toBe(200);
    expect(await statusOf({ type: "adaptive" }, [], result)).toBe(200);
    expect(await statusOf(budget, [], text)).toBe(200);
  });

  test("[PR118] an answer ends in front of the first stop sequence", async () => {
    const whole = await ask("anthropic", "[[words:40]]");
    const [first = "", second = ""] = whole.split(" ").slice(10);
    const stopSequences = [second, first];
    const before = whole.slice(0, whole.indexOf(first));
    for (const adapter of ADAPTERS) {
      const { provider } = makeProvider(adapter, sandbox.url);
      const prompt = userPrompt("[[words:40]]");
      const call = startCall(provider, { modelId: adapter.modelId, prompt, stopSequences });
      expect((await call).text.trimEnd()).toBe(before.trimEnd());
    }
    const answer = await fetch(`${sandbox.url}/anthropic/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": "k", "anthropic-version": "2023-06-01" },
      body: JSON.stringify({
        model: "claude-haiku-4-5",
        max_tokens: 1_000,
        messages: [{ role: "user", content: "[[words:40]]" }],
        stop_sequences: stopSequences,
      }),
    });
    expect(await answer.json()).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: first });
  });

  test("[PR91] a long text has exactly its words, in paragraphs, and never repeats itself", async () => {
    const read = async (words: number) => {
      const response = await chat(
        { authorization: "Bearer k" },
        { model: "gpt-6-sol", messages: [{ role: "user", content: `Go on [[words:${words}]]` }] },
      );
      const answer = z.object({
        choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })]),
      });
      return answer.parse(await response.json()).choices[0].message.content;
    };
    for (const words of [1, 79, 80, 81, 1234, 20_000]) {
      const paragraphs = (await read(words)).split("\n\n").map((paragraph) => paragraph.split(/\s+/).length);
      expect(paragraphs.reduce((sum, count) => sum + count, 0)).toBe(words);
      expect(new Set(paragraphs.slice(0, -1))).toEqual(new Set(words > 80 ? [80] : []));
    }
    expect((await read(99_999)).split(/\s+/)).toHaveLength(20_000);
    const long = await read(20_000);
    const stretches = new Set(Array.from(long, (_, start) => long.slice(start, start + 100)));
    expect(stretches.size).toBe(long.length);
    expect(/ thirty-seven\b/.test(long)).toBe(true);
  });

  test("[PR91] every stand-in says the same long text", async () => {
    const answers = await Promise.all(SANDBOX_PROVIDERS.map((name) => ask(name, "Go on [[words:300]]")));
    expect(new Set(answers).size).toBe(1);
  });

  test("[PR80] without streaming the same answer comes as one body", async () => {
    const response = await chat(
      { authorization: "Bearer k", "content-type": "application/json" },
      { model: "gpt-6-sol", messages: [{ role: "user", content: "Reply with OK" }] },
    );
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: "OK" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 4, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 0 } },
    });
  });

  test.each([
    ["/anthropic/v1/messages", "/anthropic/v1/models"],
    ["/openai/v1/chat/completions", "/openai/v1/models"],
    ["/google/v1beta/models/gemini-3.8-flash:streamGenerateContent", "/google/v1beta/models"],
    ["/deepseek/v1/chat/completions", "/deepseek/v1/models"],
  ])("[PR82] %s wants a key", async (generate, models) => {
    const refused = await fetch(sandbox.url + generate, { method: "POST", body: "{}" });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toHaveProperty("error");
    expect((await fetch(sandbox.url + models)).status).toBe(401);
  });

  test("[PR82] a body that is no request is refused on the wire's terms", async () => {
    const response = await chat({ authorization: "Bearer k" }, []);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
    expect((await fetch(`${sandbox.url}/mistral/v1/models`)).status).toBe(404);
  });
});

const NOTE: LanguageModelV4FunctionTool = {
  type: "function",
  name: "note",
  description: "Keeps a note",
  inputSchema: { type: "object" },
};

describe.each(ADAPTERS)("tool calls of $name", (adapter) => {
  const callWith = (input: unknown) =>
    startCall(makeProvider(adapter, sandbox.url).provider, {
      modelId: adapter.modelId,
      prompt: userPrompt(`[[tool:note ${JSON.stringify(input)}]]`),
      tools: [NOTE],
    });

  test.each([
    {
      text: 'Umlauts: äöü, a "quote", 🚢🚢🚢🚢🚢\n',
      count: 3,
      tags: ["sea", "ships"],
      place: { deep: true },
    },
    { lines: [{ text: "one" }, { text: null }], empty: "" },
  ])("[PR92] the arguments %j come in several pieces", async (input) => {
    const { events } = await callWith(input);
    const pieces = events.flatMap((event) => (event.type === "tool-input-delta" ? [event.text] : []));
    const call = events.find((event) => event.type === "tool-call");
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join("")).toBe(JSON.stringify(input));
    expect(JSON.parse(call?.input ?? "")).toEqual(input);
  });

  test.each([{}, { none: [] }, { "a key": 1 }])("[PR92] the arguments %j come, however", async (input) => {
    const { events } = await callWith(input);
    const calls = events.flatMap((event) => (event.type === "tool-call" ? [event.input] : []));
    expect(calls).toEqual([JSON.stringify(input)]);
  });

  test("[PR92] a fault breaks inside the arguments", async () => {
    await setFault(sandbox.url, adapter.standIn, "cut", { afterChunks: 3 });
    const { events, last } = await callWith({ text: "A note that is too long for one piece" });
    const pieces = events.flatMap((event) => (event.type === "tool-input-delta" ? [event.text] : []));
    expect(pieces.join("")).toMatch(/^\{"text":"A no/);
    expect(pieces.join("")).not.toContain("one piece");
    expect(events.some(({ type }) => type === "tool-call")).toBe(false);
    expect(last).toMatchObject({ type: "fail", failure: { kind: "stream-cut" } });
  });
});

describe("control", () => {
  const control = async (testId?: string): Promise<unknown> =>
    (
      await fetch(`${sandbox.url}/control`, testId === undefined ? {} : { headers: { "x-test-id": testId } })
    ).json();

  test("[PR83] a fault is shown, strikes as often as was said, and goes", async () => {
    await fetch(`${sandbox.url}/control/openai`, {
      method: "PUT",
      body: JSON.stringify({ fault: "server-error", times: 2 }),
    });
    expect(await control()).toMatchObject({
      faults: FAULT_NAMES,
      providers: {
        openai: { fault: "server-error", timesLeft: 2, requests: 0 },
        google: { fault: "none", since: null },
      },
    });
    const statuses: number[] = [];
    for (let index = 0; index < 3; index += 1) {
      statuses.push(
        (
          await chat(
            { authorization: "Bearer k" },
            { model: "m", messages: [{ role: "user", content: "Hi" }] },
          )
        ).status,
      );
    }
    expect(statuses).toEqual([500, 500, 200]);
    expect(await control()).toMatchObject({ providers: { openai: { fault: "none", requests: 3 } } });
  });

  test("[PR83] DELETE heals everybody", async () => {
    await setFault(sandbox.url, "google", "hang");
    await setFault(sandbox.url, "deepseek", "slow");
    await fetch(`${sandbox.url}/control`, { method: "DELETE" });
    expect(await control()).toMatchObject({
      providers: { google: { fault: "none" }, deepseek: { fault: "none" } },
    });
  });

  test.each([
    ["/control/openai", { fault: "explode" }, 400],
    ["/control/openai", { fault: "cut", afterChunks: -1 }, 400],
    ["/control/openai", { fault: "cut", extra: 1 }, 400],
    ["/control/mistral", { fault: "cut" }, 404],
  ])("[PR83] PUT %s %j is refused and changes nothing", async (path, body, status) => {
    const response = await fetch(sandbox.url + path, { method: "PUT", body: JSON.stringify(body) });
    expect(response.status).toBe(status);
    expect(await control()).toMatchObject({ providers: { openai: { fault: "none" } } });
  });

  test("[PR84] the journal tells the faults and outcomes, and can be cleared", async () => {
    await ask("anthropic", "Hello");
    await setFault(sandbox.url, "openai", "cut", { afterChunks: 2 });
    await ask("openai", "Hello");
    expect(await readJournal(sandbox.url)).toMatchObject([
      {
        provider: "anthropic",
        path: "/anthropic/v1/messages",
        model: "claude-sonnet-5",
        fault: "none",
        outcome: "complete",
      },
      {
        provider: "openai",
        path: "/openai/v1/chat/completions",
        model: "gpt-6-sol",
        fault: "cut",
        outcome: "broken",
      },
    ]);
    await fetch(`${sandbox.url}/journal`, { method: "DELETE" });
    expect(await readJournal(sandbox.url)).toEqual([]);
  });

  test("[PR84] with an X-Test-Id faults and journal are that test's own", async () => {
    const mine = { "x-test-id": "mine", authorization: "Bearer k" };
    await fetch(`${sandbox.url}/control/openai`, {
      method: "PUT",
      headers: mine,
      body: JSON.stringify({ fault: "unauthorized" }),
    });
    const hello = { model: "m", messages: [{ role: "user", content: "Hi" }] };
    expect((await chat({ authorization: "Bearer k" }, hello)).status).toBe(200);
    expect((await chat(mine, hello)).status).toBe(401);
    expect([await control(), await control("mine")]).toMatchObject([
      { providers: { openai: { fault: "none" } } },
      { providers: { openai: { fault: "unauthorized" } } },
    ]);
    const own: unknown = await (await fetch(`${sandbox.url}/journal`, { headers: mine })).json();
    expect(own).toMatchObject({ requests: [{ testId: "mine", outcome: "refused" }] });
    await fetch(`${sandbox.url}/control`, { method: "DELETE", headers: mine });
    expect(await control("mine")).toMatchObject({ providers: { openai: { fault: "none" } } });
  });
});

describe("the process", () => {
  const run = (...args: readonly string[]) =>
    spawn(process.execPath, ["sandbox/main.ts", ...args], { stdio: ["ignore", "pipe", "pipe"] });

  test("[PR85] it says where it is, serves on loopback, and ends on SIGTERM", async () => {
    const child = run("--port", "0", "--delay-ms", "0");
    const [line] = await once(child.stdout, "data");
    const url = /^sandbox providers ready: (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(String(line))?.[1];
    expect((await fetch(`${url}/control`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("[PR85] a taken port is one clear line", async () => {
    const child = run("--port", new URL(sandbox.url).port);
    const [errors] = await Promise.all([readAll(child.stderr), once(child, "exit")]);
    expect(errors).toBe("the sandbox's port is taken: choose another with --port\n");
    expect(child.exitCode).toBe(1);
  });
});
