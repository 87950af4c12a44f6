/** What went wrong between us and an MCP server, as a sentence without secrets. Rules TL23, TL27, TL35, TL40. */
import { toFailureMessage } from "../../providers/failure-message.ts";
import type { Exchange } from "./exchange.ts";
import type { McpSdk } from "./load-sdk.ts";
import { readHttpRefusal } from "./mcp-client.ts";
import { readRefusalReason } from "./read-refusal.ts";

export interface McpFailure {
  /** For the model, with the server's name in it. */
  readonly sentence: string;
  /** It says something about the server, which is worth a line in the log; a refused call does not. */
  readonly isServerFault: boolean;
  /** A call was on its way, and nothing that came back says that it was not made. */
  readonly mayHaveRun: boolean;
}

export function explainFailure(
  sdk: McpSdk,
  exchange: Exchange,
  serverName: string,
  error: unknown,
  secrets: readonly string[],
): McpFailure {
  const say = (what: string, isServerFault = true, mayHaveRun = exchange.hasCalled): McpFailure => ({
    sentence: `The tool server ${serverName} ${what}.`,
    isServerFault,
    mayHaveRun,
  });
  const refuse = (what: string, isServerFault: boolean): McpFailure => say(what, isServerFault, false);
  const refuseCall = (why: string, isServerFault: boolean): McpFailure =>
    refuse(`refused the call: ${toFailureMessage(why, secrets)}`, isServerFault);
  // Whoever stopped it says what is not known (run-tool-calls.ts).
  if (exchange.wasStopped)
    return { sentence: "The call was stopped.", isServerFault: false, mayHaveRun: false };
  if (exchange.reason !== null) return say(exchange.reason);
  if (sdk.ProtocolError.isInstance(error)) {
    // "There is no such method" is said by a server that speaks another generation than it did.
    const isOther = error.code === Number(sdk.ProtocolErrorCode.MethodNotFound);
    // A refused call is about the call. A server that refuses to be asked what it has is one without tools.
    return refuseCall(error.message, isOther || !exchange.hasCalled);
  }
  const refusal = readHttpRefusal(sdk, error);
  if (refusal !== null) {
    const reason = exchange.hasCalled ? readRefusalReason(refusal) : null;
    if (reason !== null) return refuseCall(reason, false);
    // What a server wrote into an error page stays out: a model has no use for it, a log none that is safe.
    const { status } = refusal;
    return say(explainStatus(status), true, exchange.hasCalled && !isRefusal(status));
  }
  if (!sdk.SdkError.isInstance(error)) return say(exchange.wasAnswered ? NOT_MCP : "cannot be reached");
  switch (error.code) {
    case sdk.SdkErrorCode.RequestTimeout:
      return say("did not answer in time");
    case sdk.SdkErrorCode.UnsupportedResultType:
    case sdk.SdkErrorCode.CapabilityNotSupported:
    case sdk.SdkErrorCode.InputRequiredRoundsExceeded:
      return refuse("wants to ask something in the middle of the call, which is not possible here", false);
    default:
      return say(exchange.wasAnswered ? NOT_MCP : "cannot be reached");
  }
}

const NOT_MCP = "gave an answer that is not MCP's";

/** 408 is said by who gave up waiting, for the request or for the server behind: that says nothing of the call. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408;
}

function explainStatus(status: number): string {
  if (status === 401 || status === 403) return `does not let us in (HTTP ${status})`;
  return `answered with HTTP ${status}`;
}
