/** The Worker's environment, for tests that call an entry by hand or let the platform fail under an object. */
import { env } from "cloudflare:workers";
import type { Bindings } from "../../src/env.ts";

/** The environment of an object as it holds it itself. */
export function readEnv(instance: object): Bindings {
  return toBindings(Reflect.get(instance, "env"));
}

export const bindings: Bindings = toBindings(env);

function toBindings(value: unknown): Bindings {
  if (!isBindings(value)) throw new Error("this is not the Worker's environment");
  return value;
}

function isBindings(value: unknown): value is Bindings {
  return typeof value === "object" && value !== null && "SELECTION_QUEUE" in value;
}

/** A binding that fails whatever is asked of it. */
export function toFailing<Binding extends object>(binding: Binding): Binding {
  return new Proxy(binding, {
    get: () => () => {
      throw new Error("this binding is away, says the test");
    },
  });
}
