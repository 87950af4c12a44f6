/**
 * What fields mean, in a line each, for the document alone: the shapes that check are made at every start of an isolate
 * and carry no words. The names are checked by the compiler.
 */
import type { z } from "zod";
import type { $ZodType } from "zod/v4/core";
import { Leg, Receipt, TokenUsage } from "../../protocol/answer.ts";
import { BreakwaterEnd } from "../../protocol/breakwater-end.ts";
import { CircuitActionBody, CircuitPolicyBody } from "../../protocol/circuit.ts";
import { AiSdkChatRequest } from "../../protocol/ai-sdk-chat.ts";
import { MessagesRequest } from "../../protocol/anthropic.ts";
import { EmbeddingsRequest } from "../../protocol/openai-embeddings.ts";
import { ResponseRequest } from "../../protocol/openai-responses.ts";
import { ChatCompletionRequest } from "../../protocol/openai.ts";
import { Problem } from "../../protocol/problem.ts";
import { SelectionList, SelectionListQuery, SelectionRecord } from "../../protocol/selection.ts";
import {
  SessionAttachment,
  SessionExportQuery,
  SessionList,
  SessionListQuery,
  SessionMessages,
  SessionMessagesQuery,
  SessionSearchQuery,
  SessionSummary,
} from "../../protocol/session-api.ts";
import { StoredMessage } from "../../protocol/session-frame.ts";
import { AnalyticsQuery } from "../../protocol/analytics.ts";

const WORDS = new Map<$ZodType, Readonly<Record<string, string>>>();

function say<Shape extends z.ZodObject>(
  shape: Shape,
  words: { readonly [Field in keyof Shape["shape"]]?: string },
): void {
  WORDS.set(shape, { ...words } as Readonly<Record<string, string>>);
}

/** Puts a shape's words at the fields of its schema. */
export function describeFields(
  shape: $ZodType,
  schema: { properties?: Record<string, { description?: string } | boolean> | undefined },
): void {
  for (const [name, words] of Object.entries(WORDS.get(shape) ?? {})) {
    const field = schema.properties?.[name];
    if (typeof field === "object") field.description ??= words;
  }
}

const MODEL_CHOICE = {
  model: "A class, or a target `provider/model-id`. Left out: the default class.",
  models: "Instead of `model`: classes or targets, tried in turn.",
} as const;
const POLICY = "How the candidates of a class are put in order; wins over `x-breakwater-policy`.";
const STREAM = "Send the answer as it is made.";
const THIS_WIRE_ONLY = "Carried to targets on OpenAI's own wire alone; no other one is asked.";

say(ChatCompletionRequest, {
  ...MODEL_CHOICE,
  policy: POLICY,
  messages: "The conversation, oldest first.",
  stream: STREAM,
  stream_options: "`include_usage`: the last chunk has the tokens.",
  max_tokens: "The longest answer, in tokens. `max_completion_tokens` is its newer name.",
  max_completion_tokens: "The longest answer, in tokens.",
  seed: "Passed on; whether it has an effect is the provider's to say.",
  stop: "At most four texts at which the answer ends.",
  n: "Only 1 is possible.",
  tools: "Functions that the model may call; you run them.",
  tool_choice: "Whether and which tool is to be called.",
  response_format: "`json_object` or `json_schema` for an answer that is JSON.",
  reasoning_effort: `How much a reasoning model is to think. \`xhigh\` and \`max\`: ${THIS_WIRE_ONLY}`,
  user: "Taken and not passed on: your own user's name.",
  metadata: "Taken and not passed on: your own notes.",
  store: "Answers are not stored here; only `false` is possible.",
  parallel_tool_calls: `\`false\`: one call at a time. ${THIS_WIRE_ONLY}`,
  logprobs: THIS_WIRE_ONLY,
  top_logprobs: THIS_WIRE_ONLY,
  logit_bias: THIS_WIRE_ONLY,
  service_tier: THIS_WIRE_ONLY,
  verbosity: THIS_WIRE_ONLY,
  prompt_cache_key: THIS_WIRE_ONLY,
  safety_identifier: THIS_WIRE_ONLY,
});
say(ResponseRequest, {
  ...MODEL_CHOICE,
  policy: POLICY,
  input: "A text, or the conversation as items, oldest first.",
  instructions: "What the model is to keep to.",
  stream: STREAM,
  max_output_tokens: "The longest answer, in tokens.",
  tools: "Functions that the model may call; you run them.",
  text: "`format`: an answer that is JSON.",
  reasoning: "`effort`: how much a reasoning model is to think.",
  user: "Taken and not passed on: your own user's name.",
  metadata: "Given back, and not passed on: your own notes.",
  store:
    "`true`: the response is kept as the answer of a chat. Left out: its items are kept for 24 hours, to be named by an `item_reference`. `false`: nothing is kept.",
});
say(MessagesRequest, {
  ...MODEL_CHOICE,
  policy: POLICY,
  messages: "The conversation, oldest first.",
  max_tokens: "The longest answer, in tokens.",
  system: "What the model is to keep to.",
  stream: STREAM,
  stop_sequences: "At most four texts at which the answer ends.",
  tools: "Tools that the model may call; you run them.",
  tool_choice: "Whether and which tool is to be called.",
  cache_control: "A mark for the last block; Anthropic alone reads it.",
  thinking: "A budget goes on as an effort, which every provider understands.",
  top_k: "Fails at a provider that has no such thing; the next candidate is asked.",
  metadata: "Taken and not passed on.",
});
say(EmbeddingsRequest, {
  model: "A target `provider/model-id`; a class is refused.",
  models: "Instead of `model`: targets, tried in turn.",
  input: "A text, or up to 2,048 texts.",
  encoding_format: "`base64` is shorter on the way.",
  dimensions: "How long the vectors are to be, where the model can choose.",
});
say(AiSdkChatRequest, {
  ...MODEL_CHOICE,
  policy: POLICY,
  id: "A chat of ours, or a name of your own for one.",
  messages: "Your copy of the chat, oldest first; only the newest message is taken.",
  message: "Instead of `messages`: the newest message alone.",
  trigger:
    "`regenerate-message`: another answer, to the question that ends your copy where no answer is named.",
  messageId: "The question that is edited, or the answer that is to be given again.",
});
say(BreakwaterEnd, {
  status: "How the answer ended.",
  legs: "Who gave which part, in order.",
  attempts: "Calls of providers, failed ones included.",
  costMicroUsd:
    "What was paid for the answer, calls that gave no part of it included: millionths of a dollar; null when a price is unknown.",
  selectionId: "The decision on record: `GET /api/v1/selections/{selectionId}`.",
  trace: "With `x-breakwater-trace: 1`: who could have answered, and why in this order.",
  cache: "Of a call that asked for the cache: whether it was given a kept answer.",
});
say(Leg, {
  costMicroUsd: "Millionths of a dollar; null when the price is unknown.",
  estimated: "The provider did not come to count the tokens: they are an estimate.",
});
say(TokenUsage, {
  inputTokens: "Null where the provider did not say.",
  cachedInputTokens: "Part of `inputTokens`.",
  reasoningTokens: "Part of `outputTokens`.",
});
say(Receipt, {
  requested: "What the caller asked for.",
  attempts: "Provider calls made, failed ones included.",
  firstTokenMs: "From the start of the turn to the first word; null when none came.",
  costMicroUsd:
    "What was paid for the answer, calls that gave no leg included; null when a price is unknown.",
  sandbox: "The words come from a stand-in and not from a model.",
  failure: "What ended it, where that was a provider's failure, and how long to wait.",
  notice: "A sentence for the reader when the status is not `complete`.",
  reasons: "Why this target was chosen, and what was passed over.",
});
say(Problem, {
  detail: "What to change.",
  requestId: "What the log knows this request by.",
  issues: "Where in the body or query.",
});
say(SessionSummary, { updatedAt: "The last time a message was added or an answer ended." });
say(SessionList, { nextCursor: "Give it back as `cursor`; null on the last page." });
say(SessionListQuery, {
  limit: "Chats on a page.",
  cursor: "The `nextCursor` of the page before.",
  query: "Any part of a title.",
});
say(SessionMessagesQuery, { limit: "The most messages.", before: "The messages above this one." });
say(SessionMessages, { hasOlder: "There are messages above the first one." });
say(SessionSearchQuery, { query: "Words that stand in a message.", limit: "The most hits." });
say(SessionExportQuery, { format: "The file's format." });
say(SessionAttachment, { url: "A path of this origin; put it into a message's `file` part." });
say(StoredMessage, {
  parentId: "The message this one follows; branches share a parent.",
  parts: "AI SDK's parts of a `UIMessage`.",
  metadata: "The receipt under an answer; null on a question.",
});
say(SelectionListQuery, {
  limit: "Selections on a page.",
  cursor: "The `nextCursor` of the page before.",
  provider: "Only those that this provider answered.",
  status: "Only those that ended so.",
  requestId: "Only that of this request.",
  since: "Only those from this date or time on.",
});
say(SelectionList, {
  nextCursor:
    "Give it back as `cursor`; null on the last page. With `provider` or `status` a page may be short, or empty, and have one.",
});
say(SelectionRecord, {
  requested: "What the caller asked for.",
  candidates: "Who could have answered, in order, with reasons.",
  attempts: "Every call of a provider.",
  provider: "Who gave the last leg; null when nobody answered.",
  affinity: "The provider is the one that served this chat's turn before.",
});
say(AnalyticsQuery, {
  since: "From this date or time on; 30 days back when left out.",
  limit: "How many of the newest selections are counted.",
});
say(CircuitActionBody, {
  reason: "Why; kept beside your address.",
  model: "One model of the provider; left out: the provider itself.",
});
say(CircuitPolicyBody, { reason: "Why; kept beside your address.", policy: "The numbers to change." });
