/**
 * The parts of a rig as the driver sees them: what a server, the proxy or a connection of the harness does not do is one kind of error, which
 * ends the case and not the run. A fault in the program stays what it is.
 */
import { ServerFailed } from "../../errors.ts";
import { LinkTaken } from "../driver/rig.ts";

/** The same part, whose calls fail with ServerFailed. */
export function reported<Part extends object>(part: Part): Part {
  return new Proxy(part, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        const made: unknown = Reflect.apply(value, target, args);
        return made instanceof Promise ? made.catch(refuse) : made;
      };
    },
  });
}

/** @throws what the error says of the harness's own parts, or the error itself */
export function refuse(error: unknown): never {
  if (!(error instanceof Error) || isOurFault(error) || error instanceof LinkTaken) throw error;
  throw error instanceof ServerFailed ? error : new ServerFailed(error.message);
}

const isOurFault = (error: Error): boolean =>
  error instanceof TypeError ||
  error instanceof RangeError ||
  error instanceof ReferenceError ||
  error.message.startsWith("fault in faultline");
