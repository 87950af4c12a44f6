/**
 * The shapes that the document names: whatever else uses one refers to it. A shape that is not in here stands where it
 * is used.
 */
import type { z } from "zod";
import { ApiKeyList, CreateApiKeyBody, CreatedApiKey, Me } from "../../protocol/account.ts";
import { IntentAnalytics, ProviderAnalytics } from "../../protocol/analytics.ts";
import { AiSdkChatRequest } from "../../protocol/ai-sdk-chat.ts";
import { AnswerChunk } from "../../protocol/answer-chunk.ts";
import { Leg, Receipt, TerminalState, TokenUsage } from "../../protocol/answer.ts";
import { AnswerTrace, BreakwaterEnd } from "../../protocol/breakwater-end.ts";
import {
  AdminLiveFrame,
  CircuitActionBody,
  CircuitDetail,
  CircuitList,
  CircuitPolicyBody,
  CircuitSnapshot,
  CircuitStatus,
  CircuitTransition,
} from "../../protocol/circuit.ts";
import { ModelCatalog } from "../../protocol/model-list.ts";
import { CountTokensRequest, MessagesRequest } from "../../protocol/anthropic.ts";
import { EmbeddingsRequest } from "../../protocol/openai-embeddings.ts";
import { ResponseRequest } from "../../protocol/openai-responses.ts";
import { ChatCompletionRequest } from "../../protocol/openai.ts";
import { Problem } from "../../protocol/problem.ts";
import {
  RankingDecision,
  RoutingPolicy,
  SelectionAttempt,
  SelectionCandidate,
  SelectionList,
  SelectionRecord,
} from "../../protocol/selection.ts";
import {
  CreateSessionBody,
  SessionAttachment,
  SessionExport,
  SessionList,
  SessionMessages,
  SessionSearchResult,
  SessionShare,
  SessionShareState,
  SessionStopped,
  SessionSummary,
  SessionTicket,
  SharedChat,
  UpdateSessionBody,
} from "../../protocol/session-api.ts";
import { LiveClientFrame, LiveServerFrame, StoredMessage } from "../../protocol/session-frame.ts";
import { AnthropicMessage, AnthropicRefusal, MessageEvent } from "./shapes/anthropic-answer.ts";
import {
  ChatCompletion,
  ChatCompletionEvent,
  EmbeddingList,
  Model,
  ModelList,
  OpenAiRefusal,
} from "./shapes/openai-answer.ts";
import { ResponseEvent, ResponseObject } from "./shapes/responses-answer.ts";
import { SandboxState } from "../../protocol/sandbox-state.ts";
import { Health } from "./shapes/service.ts";

export const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  ...{ ChatCompletionRequest, ChatCompletion, ChatCompletionEvent, Model, ModelList, OpenAiRefusal },
  ...{ ResponseRequest, ResponseObject, ResponseEvent, EmbeddingsRequest, EmbeddingList },
  ...{ MessagesRequest, CountTokensRequest, AnthropicMessage, MessageEvent, AnthropicRefusal },
  ...{ BreakwaterEnd, AnswerTrace, TerminalState, TokenUsage, Leg, Receipt, RoutingPolicy },
  ...{ SessionSummary, SessionList, CreateSessionBody, UpdateSessionBody, SessionMessages, StoredMessage },
  ...{ SessionSearchResult, SessionStopped, SessionTicket, SessionAttachment, SessionExport },
  ...{ SessionShare, SessionShareState, SharedChat, AnswerChunk, LiveServerFrame, AiSdkChatRequest },
  // What a client sends, although no operation has it as a body.
  LiveClientFrame: LiveClientFrame.meta({ unusedIO: "input" }),
  ...{ ModelCatalog, SelectionRecord, SelectionList, SelectionCandidate, SelectionAttempt, RankingDecision },
  ...{ ProviderAnalytics, IntentAnalytics },
  ...{ CircuitList, CircuitDetail, CircuitSnapshot, CircuitTransition, CircuitStatus },
  ...{ CircuitActionBody, CircuitPolicyBody, AdminLiveFrame, SandboxState },
  ...{ Me, ApiKeyList, CreateApiKeyBody, CreatedApiKey, Health, Problem },
};
