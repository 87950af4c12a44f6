/** The lines that the Worker and its objects log while something runs; they share the isolate with the tests. */
import { vi } from "vitest";
import { z } from "zod";

const LogLine = z.looseObject({ event: z.string(), level: z.string() });
export type LogLine = z.infer<typeof LogLine>;

/** The lines of one event, in order. */
export async function collectLog(event: string, work: () => Promise<unknown>): Promise<LogLine[]> {
  const lines: string[] = [];
  const spies = (["log", "warn", "error"] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation((line: unknown) => void lines.push(String(line))),
  );
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return lines.map((line) => LogLine.parse(JSON.parse(line))).filter((line) => line.event === event);
}
