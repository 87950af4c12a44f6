/**
 * Calls that the AI SDK writes and we read: it puts a call into its provider's words, is stopped before it sends them, and
 * the answer is read by the wire's scanner, which costs a fraction of what the SDK's own reading does. Rule PR120.
 */
import { fail, succeed, type Result } from "../../base/result.ts";
import type { ProviderFailure } from "../failure.ts";
import { isObject } from "../is-object.ts";
import type { ModelCall } from "../provider.ts";
import type { WireScanner } from "../wire-scanner.ts";
import {
  classifyRejection,
  runAiSdkStream,
  toCallOptions,
  toSentHeaders,
  type AiSdkCall,
  type Exchange,
} from "./ai-sdk-stream.ts";
import type { FetchFunction } from "./fetch-function.ts";
import {
  failAtOnce,
  readAnswer,
  type AnswerBatches,
  type StreamConnection,
  type WireRequest,
} from "./read-answer.ts";

/** What the SDK is told instead of an answer; made once, since its stack means nothing. */
const NOT_SENT = new Error("the request was written, and is sent by somebody else");

/** What is seen of a request that did not leave. */
const NO_EXCHANGE: Exchange = { status: null, isEventStream: true, refusal: null };

type WrittenCall = AiSdkCall & { readonly connection: StreamConnection };

/** A call that this provider's wire cannot carry: `what` stands behind "cannot carry". */
export function failUncarried(what: string): AnswerBatches {
  return failAtOnce({
    kind: "bad-request",
    phase: "connect",
    status: null,
    retryAfterMs: null,
    message: `this provider's wire cannot carry ${what}`,
  });
}

/** A call that the SDK writes and the wire's scanner reads. Meant for `startStream`. */
export async function* runWrittenBySdk(run: WrittenCall, openScanner: () => WireScanner): AnswerBatches {
  const request = await writeRequest(run);
  if (!request.ok) return yield* failAtOnce(request.error);
  if (mayHaveFormatTool(run.call, request.value)) return yield* runAiSdkStream(run);
  return yield* readAnswer(run.connection, request.value, openScanner(), run.signal);
}

/**
 * For a model that has no other way to keep to a format the SDK makes a tool of it, and words of the tool's input: which of
 * the tools that is, only the SDK knows.
 */
function mayHaveFormatTool({ responseFormat }: ModelCall, { body }: WireRequest): boolean {
  if (responseFormat?.type !== "json") return false;
  const written: unknown = JSON.parse(body);
  return isObject(written) && written["tools"] !== undefined;
}

/** The failure is that of a call that the SDK cannot put into its provider's shape, or that was cancelled meanwhile. */
async function writeRequest(run: AiSdkCall): Promise<Result<WireRequest, ProviderFailure>> {
  const written: WireRequest[] = [];
  const write: FetchFunction = (url, init) => {
    const headers = toSentHeaders(run.connection, init);
    if (typeof init.body !== "string") throw new TypeError("the request's body is no text");
    written.push({ url, headers: Object.fromEntries(headers), body: init.body, isWhole: false });
    return Promise.reject(NOT_SENT);
  };
  let refusal: unknown = null;
  try {
    const model = await run.loadModel(run.call.modelId, write);
    await model.doStream(toCallOptions(run.call, run.signal));
  } catch (error) {
    refusal = error;
  }
  const [request] = written;
  if (request !== undefined && !run.signal.aborted) return succeed(request);
  return fail(classifyRejection(refusal, NO_EXCHANGE, run));
}
