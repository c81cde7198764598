/**
 * The stdio end of a bus written in TypeScript: a loop around a module that knows no stdio. A bus exports `createBus: CreateBus`, and its
 * main is `serveStdio(createBus)`. The same module can run within a process. This file loads nothing but Node's own modules, so that a bus
 * starts fast.
 */
import { Console } from "node:console";
import { readLines } from "./lines.ts";
import type { BusEvent, Command, NumberedReply, Refusal, Reply } from "./protocol.ts";

export interface BusModule {
  /**
   * Must begin the client's call before it returns: calls go in the order of the commands, and none waits for the previous reply. A
   * rejection is reported to the harness as an error of the protocol, so a client's error must be a reply. `leave` answers the command and
   * ends the process before it returns, in the same tick. It is for `exit` alone.
   */
  handle(command: Command, leave: (reply: Reply) => void): Promise<Reply>;
  /** Called on SIGTERM. A bus without it is ended by the signal. */
  terminate?(): void;
}

/** The other actions of a bus, beside answering. */
export interface BusHost {
  /** Events are emitted in the order in which the client raised them. */
  emit(event: BusEvent): void;
  /** Ends the process; everything emitted before has been written by then. */
  exit(code: number): void;
}

export type CreateBus = (host: BusHost) => BusModule;

export function serveStdio(createBus: CreateBus): void {
  // Written synchronously where stdout is a pipe on Linux or macOS, so that a process may end right after it.
  const say = (message: NumberedReply | BusEvent, spoken?: () => void): void => {
    process.stdout.write(`${JSON.stringify(message)}\n`, spoken);
  };
  keepStdoutForProtocol();
  const bus = createBus({ emit: say, exit: code => process.exit(code) });
  if (bus.terminate !== undefined) process.on("SIGTERM", () => bus.terminate?.());
  readLines(process.stdin, {
    line: text => void serveLine(bus, text, say),
    tooLong: () => process.exit(1),
    // The process that started the bus is gone.
    ended: () => process.exit(0),
  });
}

/** nats.js writes `reader closed` with console.log when a read fails; it must not get into the protocol. */
function keepStdoutForProtocol(): void {
  globalThis.console = new Console(process.stderr, process.stderr);
}

async function serveLine(
  bus: BusModule,
  text: string,
  say: (message: NumberedReply, spoken?: () => void) => void,
): Promise<void> {
  const asked = parseCommand(text);
  if (asked === null) {
    process.stderr.write(`not a command: ${text.slice(0, 200)}\n`);
    return;
  }
  const { id, command } = asked;
  const leave = (reply: Reply): void => {
    say({ id, ...reply });
    process.exit(0);
  };
  const reply = await answer(bus, command, leave);
  // A module may run within any process, so its stdio end adds the process id.
  const greeting = "protocol" in reply ? { pid: process.pid } : {};
  say({ id, ...greeting, ...reply }, command.do === "quit" ? () => process.exit(0) : undefined);
}

async function answer(bus: BusModule, command: Command, leave: (reply: Reply) => void): Promise<Reply | Refusal> {
  try {
    return await bus.handle(command, leave);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Checks only what the loop needs. The harness sends nothing invalid, and a bus refuses what it does not know. */
function parseCommand(text: string): { readonly id: number; readonly command: Command } | null {
  try {
    const { id, ...command } = JSON.parse(text);
    return Number.isInteger(id) ? { id, command } : null;
  } catch {
    return null;
  }
}
