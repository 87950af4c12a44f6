/** The same namespace of objects, with every call over one of its stubs noted when it begins. */
export function countCalls<Namespace extends object>(namespace: Namespace, onCall: () => void): Namespace {
  return withMethods(namespace, (key, method) => {
    if (key !== "get" && key !== "getByName") return method;
    return (...parameters) => {
      const stub = method(...parameters);
      return typeof stub === "object" && stub !== null ? countStubCalls(stub, onCall) : stub;
    };
  });
}

function countStubCalls(stub: object, onCall: () => void): object {
  return withMethods(stub, (key, method) => (...parameters) => {
    // A socket's upgrade and other HTTP are seen in the object itself.
    if (key !== "fetch") onCall();
    return method(...parameters);
  });
}

type Method = (...parameters: unknown[]) => unknown;

function withMethods<Target extends object>(
  target: Target,
  toMethod: (key: string | symbol, method: Method) => Method,
): Target {
  return new Proxy(target, {
    get: (_, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      return toMethod(key, (...parameters) => Reflect.apply(value, target, parameters));
    },
  });
}
