/**
 * Counts what the objects of one class are billed for: rows of their storage, invocations, messages of their sockets. It
 * replaces methods on the objects that the runtime hands in, and changes nothing of what they do. Keys that are put in an
 * asynchronous transaction are not seen: nobody who is measured uses one.
 */

export interface ObjectCounts {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  /** HTTP, RPC and alarms. */
  readonly requests: number;
  /** Messages that came in over sockets. */
  readonly messages: number;
}

type Handler = "fetch" | "alarm" | "webSocketMessage";
const HANDLERS: readonly Handler[] = ["fetch", "alarm", "webSocketMessage"];

/** A name in a storage's interface, and how many rows a call of it reads or writes. */
interface KeyValueCost {
  readonly method: string;
  readonly kind: "read" | "written";
  readonly rows: (parameter: unknown) => number;
}

/** An alarm is a row; so is each key that is put, deleted or asked for (Cloudflare's pricing of SQLite-backed objects). */
const KEY_VALUE_COSTS: readonly KeyValueCost[] = [
  { method: "setAlarm", kind: "written", rows: () => 1 },
  { method: "deleteAlarm", kind: "written", rows: () => 1 },
  { method: "put", kind: "written", rows: countKeys },
  { method: "delete", kind: "written", rows: countKeys },
  { method: "getAlarm", kind: "read", rows: () => 1 },
  { method: "get", kind: "read", rows: countKeys },
];

function countKeys(parameter: unknown): number {
  if (Array.isArray(parameter)) return parameter.length;
  return typeof parameter === "object" && parameter !== null ? Object.keys(parameter).length : 1;
}

export class ObjectCount {
  private requests = 0;
  private messages = 0;
  private keyValue = { read: 0, written: 0 };
  /** Their numbers grow while they are read, so they are asked at the end. */
  private cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  /** The runtime may make a new wrapper, without our methods, of one that nobody holds. */
  private readonly kept: object[] = [];

  noteRequest(): void {
    this.requests += 1;
  }

  /** Call it in the argument of `super`, so that the constructor's own rows count too. */
  watchStorage(ctx: DurableObjectState): DurableObjectState {
    const { storage } = ctx;
    const { sql } = storage;
    this.kept.push(storage, sql);
    replace(sql, "exec", (exec, parameters) => {
      const cursor: unknown = Reflect.apply(exec, sql, parameters);
      if (isCursor(cursor)) this.cursors.push(cursor);
      return cursor;
    });
    this.watchKeyValue(storage);
    return ctx;
  }

  /** Call it in the constructor, after `super`. */
  watchHandlers(object: object): void {
    for (const handler of HANDLERS) {
      replace(object, handler, (run, parameters) => {
        if (handler === "webSocketMessage") this.messages += 1;
        else this.requests += 1;
        return Reflect.apply(run, object, parameters);
      });
    }
  }

  /** Since it was last asked. For a moment of quiet: of a cursor that is read later only a part counts. */
  take(): ObjectCounts {
    let { read: rowsRead, written: rowsWritten } = this.keyValue;
    for (const cursor of this.cursors) {
      rowsRead += cursor.rowsRead;
      rowsWritten += cursor.rowsWritten;
    }
    const counts = { rowsRead, rowsWritten, requests: this.requests, messages: this.messages };
    this.cursors = [];
    this.keyValue = { read: 0, written: 0 };
    this.requests = 0;
    this.messages = 0;
    return counts;
  }

  private watchKeyValue(storage: DurableObjectStorage): void {
    for (const { method, kind, rows } of KEY_VALUE_COSTS) {
      for (const target of [storage, storage.kv]) {
        replace(target, method, (run, parameters) => {
          this.keyValue[kind] += rows(parameters[0]);
          return Reflect.apply(run, target, parameters);
        });
      }
    }
    this.kept.push(storage.kv);
  }
}

type AnyFunction = (...parameters: unknown[]) => unknown;

/** Puts `around` in the place of a method, if the object has it. */
function replace(
  target: object,
  name: string,
  around: (method: AnyFunction, parameters: unknown[]) => unknown,
): void {
  const method: unknown = Reflect.get(target, name);
  if (!isFunction(method)) return;
  Object.defineProperty(target, name, {
    value: (...parameters: unknown[]) => around(method, parameters),
    configurable: true,
  });
}

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === "function";
}

function isCursor(value: unknown): value is SqlStorageCursor<Record<string, SqlStorageValue>> {
  return typeof value === "object" && value !== null && "rowsWritten" in value;
}
