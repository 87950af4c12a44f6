/** The JSON body of a call on OpenAI's wires, parsed; a refusal is OpenAI's error object. Rules HT41, HT101, HT121. */
import type { z } from "zod";
import type { Result } from "../../base/result.ts";
import type { AppContext } from "../app-env.ts";
import { MAX_MODEL_CALL_BYTES } from "../body.ts";
import { readCallBody } from "../door/read-call-body.ts";
import { refuseCall } from "./openai-error.ts";

/** A failure is the answer to give. */
export function readOpenAiBody<Shape extends z.ZodType>(
  context: AppContext,
  shape: Shape,
): Promise<Result<z.output<Shape>, Response>> {
  return readCallBody(context, shape, MAX_MODEL_CALL_BYTES, (mistake) => refuseCall(context, mistake));
}
