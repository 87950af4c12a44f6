/** A log that keeps its lines for a test to look at. */
import type { Log, LogEventName, LogEvents, LogLevel } from "../../src/base/log.ts";

export interface RecordedLine {
  readonly level: LogLevel;
  readonly event: LogEventName;
  readonly fields: LogEvents[LogEventName];
}

export class RecordingLog implements Log {
  readonly lines: RecordedLine[] = [];

  write<Name extends LogEventName>(level: LogLevel, event: Name, fields: LogEvents[Name]): void {
    this.lines.push({ level, event, fields });
  }

  /** The names in the order they were written. */
  get events(): LogEventName[] {
    return this.lines.map((line) => line.event);
  }

  /** The lines of one event. */
  of(event: LogEventName): RecordedLine[] {
    return this.lines.filter((line) => line.event === event);
  }
}
