/** JSON from outside, which may be none. Pure. */
import { fail, succeed, type Result } from "./result.ts";

export function parseJson(text: string): Result<unknown, "not-json"> {
  try {
    const value: unknown = JSON.parse(text);
    return succeed(value);
  } catch {
    return fail("not-json");
  }
}
