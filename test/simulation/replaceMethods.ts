// A port with some of its methods replaced; all others pass through.

export function withMethods<T extends object>(port: T, replaced: Partial<T>): T {
  return replaceMethods(port, (name, method) => (replaced[name as keyof T] as Method | undefined) ?? method);
}

type Method = (...args: unknown[]) => unknown;

/** The port with each method as `replace` returns it. */
export function replaceMethods<T extends object>(port: T, replace: (name: string, method: Method) => Method): T {
  return new Proxy(port, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? replace(String(name), (value as Method).bind(target)) : value;
    },
  });
}
