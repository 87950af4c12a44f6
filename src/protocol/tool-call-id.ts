/**
 * WIRE: the id of a tool call as a client gives it back, on every wire. A model's provider makes it, and it is taken at every
 * door if we have handed it out: some gateways pack the signature of a thought into it. Rule HT199.
 */
import { z } from "zod";

/** One that is longer is neither handed out, since each piece of its call repeats it, nor taken. */
export const MAX_TOOL_CALL_ID_CHARACTERS = 16_384;

export const ToolCallId = z.string().min(1).max(MAX_TOOL_CALL_ID_CHARACTERS);
