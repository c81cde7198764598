/** The same part with some of it changed. Its own methods read private fields, so they are bound to it. */
export function withChanges<T extends object>(target: T, changes: Partial<T> = {}): T {
  return new Proxy(target, {
    get(_, key) {
      const value = key in changes ? Reflect.get(changes, key) : Reflect.get(target, key, target);
      return typeof value === "function" && !(key in changes) ? value.bind(target) : value;
    },
  });
}
