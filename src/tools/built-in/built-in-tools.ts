/** The tools that every chat has. */
import type { ServerTool } from "../tool.ts";
import { calculator } from "./calculator.ts";
import { currentTime } from "./current-time.ts";

export const BUILT_IN_TOOLS: readonly ServerTool[] = [currentTime, calculator];
