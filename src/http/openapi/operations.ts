/** Every operation of the API, in the order in which it is shown. A test holds the list to the access table (HT161). */
import type { OperationDoc } from "./operation.ts";
import { ACCOUNT_OPERATIONS } from "./operations/account.ts";
import { ADMIN_OPERATIONS } from "./operations/admin.ts";
import { AI_SDK_OPERATIONS } from "./operations/ai-sdk.ts";
import { ANTHROPIC_OPERATIONS } from "./operations/anthropic.ts";
import { CHAT_COMPLETION_OPERATIONS } from "./operations/chat-completions.ts";
import { INSIGHT_OPERATIONS } from "./operations/insight.ts";
import { EMBEDDING_OPERATIONS, OPENAI_MODEL_OPERATIONS } from "./operations/openai-models.ts";
import { RESPONSE_OPERATIONS } from "./operations/responses.ts";
import { SERVICE_OPERATIONS } from "./operations/service.ts";
import { SESSION_FILE_OPERATIONS } from "./operations/session-files.ts";
import { SESSION_OPERATIONS } from "./operations/sessions.ts";

export const OPERATIONS: readonly OperationDoc[] = [
  ...CHAT_COMPLETION_OPERATIONS,
  ...RESPONSE_OPERATIONS,
  ...ANTHROPIC_OPERATIONS,
  ...EMBEDDING_OPERATIONS,
  ...OPENAI_MODEL_OPERATIONS,
  ...SESSION_OPERATIONS,
  ...AI_SDK_OPERATIONS,
  ...SESSION_FILE_OPERATIONS,
  ...INSIGHT_OPERATIONS,
  ...ACCOUNT_OPERATIONS,
  ...ADMIN_OPERATIONS,
  ...SERVICE_OPERATIONS,
];
