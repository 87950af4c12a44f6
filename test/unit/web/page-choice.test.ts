/** Small decisions of the pages: health in the picker, where to go after signing in, ranges. Rules WB38 to WB40. */
import { afterEach, expect, it, vi } from "vitest";
import { toNextPath, toSignInPath } from "../../../web/account/next-path.ts";
import { toRange, toSince } from "../../../web/admin/analytics-range.ts";
import {
  DEFAULT_MODEL,
  forgetModelChoice,
  forgetModelChoices,
  matchesSearch,
  readModelChoice,
  saveModelChoice,
  toHealth,
  toPriceText,
} from "../../../web/chat/composer/model-choice.ts";
import { TabStorage } from "./tab-storage.ts";

const TARGET = {
  target: "openai/gpt-mini",
  provider: "openai",
  model: "gpt-mini",
  displayName: "GPT mini",
  contextTokens: null,
  inputMicroUsdPerMillion: 150_000,
  outputMicroUsdPerMillion: 600_000,
  vision: false,
  tools: true,
  reasoning: false,
  sandbox: false,
  circuit: "CLOSED",
} as const;

it("[WB38] judges a class by all its circuits", () => {
  expect(toHealth(["CLOSED", "CLOSED"])).toBe("good");
  expect(toHealth(["CLOSED", "OPEN"])).toBe("partial");
  expect(toHealth(["OPEN", "HALF_OPEN"])).toBe("partial");
  expect(toHealth(["OPEN", "OPEN"])).toBe("bad");
  expect(toHealth([])).toBe("good");
});

it("[WB34] shows a model's prices, and that they are unknown", () => {
  expect(toPriceText(TARGET)).toBe("$0.15 in · $0.60 out");
  expect(toPriceText({ ...TARGET, inputMicroUsdPerMillion: null })).toBe("price unknown");
});

it("[WB38] finds a model by its words in any order", () => {
  expect(matchesSearch(TARGET, "MINI open")).toBe(true);
  expect(matchesSearch(TARGET, "claude")).toBe(false);
  expect(matchesSearch(TARGET, "  ")).toBe(true);
});

it("[WB39] comes back to the page that asked for signing in", () => {
  expect(toSignInPath("/")).toBe("/sign-in");
  const path = "/c/chat_1";
  expect(toNextPath(toSignInPath(path).split("?")[1] ?? "")).toBe(path);
});

it("[WB39] never leads to another site, nor in a circle", () => {
  for (const next of [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "",
    "/sign-in",
  ]) {
    expect(toNextPath(`next=${encodeURIComponent(next)}`)).toBe("/");
  }
  expect(toNextPath("")).toBe("/");
});

it("[WB40] falls back to 30 days and begins at a whole minute", () => {
  expect(toRange("7d").text).toBe("Last 7 days");
  expect(toRange("nonsense").name).toBe("30d");
  expect(toRange(null).name).toBe("30d");
  const now = Date.parse("2026-11-20T12:34:56.789Z");
  expect(toSince(toRange("1d"), now)).toBe("2026-11-19T12:34:00.000Z");
});

afterEach(() => vi.unstubAllGlobals());

it("[WB107] keeps the choices of the chats asked last, and none of a chat that is deleted or of who signed out", () => {
  const storage = new TabStorage();
  vi.stubGlobal("localStorage", storage);
  storage.setItem("breakwater.model.chat_of_before", "fast");
  storage.setItem("breakwater.theme", "dark");
  for (let index = 0; index < 150; index += 1) saveModelChoice(`chat_${index}`, `model-${index}`);
  expect(readModelChoice("chat_149")).toBe("model-149");
  expect(readModelChoice("chat_50")).toBe("model-50");
  saveModelChoice("chat_50", "fast");
  expect(readModelChoice("chat_50")).toBe("fast");
  expect(storage.length).toBe(3);
  // Long forgotten: it goes on with what was asked last.
  expect(readModelChoice("chat_49")).toBe("fast");
  saveModelChoice("", "frontier");
  forgetModelChoice("chat_50");
  expect(readModelChoice("chat_50")).toBe("frontier");
  forgetModelChoices();
  expect(readModelChoice("chat_149")).toBe(DEFAULT_MODEL);
  expect(storage.getItem("breakwater.theme")).toBe("dark");
  expect(storage.length).toBe(1);
});

it("[WB107] does without what another version kept", () => {
  const storage = new TabStorage();
  vi.stubGlobal("localStorage", storage);
  storage.setItem("breakwater.models", '{"chat_1":"fast"');
  expect(readModelChoice("chat_1")).toBe(DEFAULT_MODEL);
});
