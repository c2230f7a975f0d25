// A port with some of its methods replaced, whatever other methods it has or gets.

export function overlay<T extends object>(port: T, replaced: Partial<T>): T {
  return replaceMethods(port, (name, method) => (replaced[name as keyof T] as Method | undefined) ?? method);
}

type Method = (...args: unknown[]) => unknown;

/** Every method of the port as `replace` makes it. */
export function replaceMethods<T extends object>(port: T, replace: (name: string, method: Method) => Method): T {
  return new Proxy(port, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? replace(String(name), (value as Method).bind(target)) : value;
    },
  });
}
