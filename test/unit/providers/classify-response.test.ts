import { describe, expect, test } from "vitest";
import { classifyResponse } from "../../../src/providers/classify-response.ts";
import { toFailureMessage, toThrownMessage } from "../../../src/providers/failure-message.ts";
import type { ProviderFailure } from "../../../src/providers/failure.ts";

function classify(status: number, body: unknown, headers: Record<string, string> = {}): ProviderFailure {
  return classifyResponse({
    status,
    headers: new Headers(headers),
    body: typeof body === "string" ? body : JSON.stringify(body),
    nowMs: Date.parse("2026-11-20T12:00:00Z"),
    secrets: ["very-secret-key"],
  });
}

const openAi = (code: string, message = "words") => ({
  error: { message, type: "invalid_request_error", param: null, code },
});
const anthropic = (type: string, message: string) => ({ type: "error", error: { type, message } });
const google = (status: string, message: string, details: readonly object[] = []) => ({
  error: { code: 400, message, status, details },
});

describe("classifyResponse", () => {
  test.each([
    ["[PR40] OpenAI's rate limit", 429, openAi("rate_limit_exceeded"), "rate-limited"],
    ["[PR40] OpenAI out of quota", 429, openAi("insufficient_quota"), "payment-required"],
    [
      "[PR40] Google's quota of a minute",
      429,
      google(
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details",
      ),
      "rate-limited",
    ],
    ["[PR40] a bare 429", 429, "slow down", "rate-limited"],
    [
      "[PR40] DeepSeek out of balance",
      402,
      openAi("invalid_request_error", "Insufficient Balance"),
      "payment-required",
    ],
    ["[PR41] OpenAI's wrong key", 401, openAi("invalid_api_key"), "unauthorized"],
    ["[PR41] Anthropic's missing permission", 403, anthropic("permission_error", "no"), "unauthorized"],
    [
      "[PR41] Google's wrong key",
      400,
      google("INVALID_ARGUMENT", "API key not valid.", [{ reason: "API_KEY_INVALID" }]),
      "unauthorized",
    ],
    ["[PR42] OpenAI's unknown model", 404, openAi("model_not_found"), "model-not-found"],
    ["[PR42] a 400 about a model", 400, openAi("model_not_found"), "model-not-found"],
    [
      "[PR42] Ollama's unknown model",
      404,
      { error: 'model "x" not found, try pulling it first' },
      "model-not-found",
    ],
    ["[PR43] a plain 400", 400, openAi("unknown_parameter"), "bad-request"],
    [
      "[PR43] too large a body",
      413,
      anthropic("request_too_large", "Request exceeds the maximum size"),
      "bad-request",
    ],
    ["[PR43] 422", 422, { detail: "field required" }, "bad-request"],
    ["[PR43] OpenAI's long prompt", 400, openAi("context_length_exceeded"), "context-too-long"],
    [
      "[PR43] Anthropic's long prompt",
      400,
      anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
      "context-too-long",
    ],
    [
      "[PR43] Google's long prompt",
      400,
      google(
        "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      ),
      "context-too-long",
    ],
    [
      "[PR43] DeepSeek's long prompt",
      400,
      openAi("invalid_request_error", "This model's maximum context length is 1000000 tokens."),
      "context-too-long",
    ],
    ["[PR43] Azure's content filter", 400, openAi("content_filter"), "content-refused"],
    [
      "[PR43] Anthropic's empty purse",
      400,
      anthropic("invalid_request_error", "Your credit balance is too low to access the API"),
      "payment-required",
    ],
    ["[PR44] 500", 500, anthropic("api_error", "Internal server error"), "server-error"],
    ["[PR44] 502 with a page", 502, "<html><h1>Bad gateway</h1></html>", "server-error"],
    ["[PR44] 408", 408, "", "server-error"],
    ["[PR44] 503", 503, google("UNAVAILABLE", "The model is overloaded."), "overloaded"],
    ["[PR44] 529", 529, anthropic("overloaded_error", "Overloaded"), "overloaded"],
    ["[PR64] a redirect", 302, "", "malformed"],
  ])("%s", (_name, status, body, kind) => {
    expect(classify(status, body)).toMatchObject({ kind, status, phase: "connect" });
  });

  test("[PR45] the wait is read on any status, from the headers before the body", () => {
    expect(classify(503, "", { "retry-after": "3" }).retryAfterMs).toBe(3_000);
    expect(classify(500, "", { "retry-after": "Fri, 20 Nov 2026 12:00:10 GMT" }).retryAfterMs).toBe(10_000);
    expect(classify(429, google("RESOURCE_EXHAUSTED", "quota", [{ retryDelay: "12s" }])).retryAfterMs).toBe(
      12_000,
    );
    expect(classify(429, "").retryAfterMs).toBeNull();
  });

  test("[PR47] the message is short, one line, without keys and long quotes", () => {
    const { message } = classify(
      400,
      openAi(
        "bad",
        `Key very-secret-key or sk-proj-abcdefghijklmnop\nin "${"prompt ".repeat(50)}" ${"x".repeat(2_000)}`,
      ),
    );
    expect(message.length).toBeLessThanOrEqual(500);
    expect(message).toMatch(/^HTTP 400 bad invalid_request_error: Key \[key\] or \[key\] in "…" x+…$/);
  });
});

describe("toFailureMessage", () => {
  test("[PR47] keys of every shape are taken out, plain words stay", () => {
    expect(toFailureMessage("Bearer abcdefghijklmnopqrstuvwxyz was sent")).toBe("[key] was sent");
    expect(toFailureMessage("given: AIzaSyA1234567890abcdefgh")).toBe("given: [key]");
    expect(toFailureMessage("Incorrect API key provided: sk-****************abcd.")).toBe(
      "Incorrect API key provided: [key].",
    );
    expect(toFailureMessage("the model 'gpt-6-sol' does not exist")).toBe(
      "the model 'gpt-6-sol' does not exist",
    );
  });

  test("[PR46] a thrown network error names its cause", () => {
    const cause = Object.assign(new Error("connect refused"), { code: "ECONNREFUSED" });
    expect(toThrownMessage(new TypeError("fetch failed", { cause }))).toBe(
      "fetch failed: connect refused ECONNREFUSED",
    );
    expect(toThrownMessage("a string")).toBe("a string");
  });
});
