/**
 * The stdio end of a bus written in TypeScript: a loop around a module that knows no stdio.
 * A bus exports `createBus: CreateBus`, and its main is `serveStdio(createBus)`. The same module can be run within a process.
 * This file loads nothing but Node, so that a bus starts fast.
 */
import { Console } from "node:console";
import { readLines } from "./lines.ts";
import type { BusEvent, Command, NumberedReply, Refusal, Reply } from "./protocol.ts";

export interface BusModule {
  /**
   * Must begin the client's call before it returns: the order of the calls is that of the commands, and nobody waits for the
   * reply to the one before. A rejection is told to the harness as an error of the protocol, so a client's error is a reply.
   * `leave` answers the command and ends the process before it returns, in the same tick: for `exit`, and nothing else.
   */
  handle(command: Command, leave: (reply: Reply) => void): Promise<Reply>;
  /** SIGTERM. A bus that has none of it is ended by the signal. */
  terminate?(): void;
}

/** What a bus may do beside answering. */
export interface BusHost {
  /** Events are emitted in the order in which the client raised them. */
  emit(event: BusEvent): void;
  /** Ends the process; what was emitted has been written by then. */
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
    // Whoever started the bus is gone.
    ended: () => process.exit(0),
  });
}

/** nats.js writes `reader closed` with console.log when a read fails; it must not break into the protocol. */
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
  // A module may be run within any process: which one this is, is for its stdio end to say.
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

/** Only what the loop needs is checked here. The harness sends nothing invalid, and a bus refuses what it does not know. */
function parseCommand(text: string): { readonly id: number; readonly command: Command } | null {
  try {
    const { id, ...command } = JSON.parse(text);
    return Number.isInteger(id) ? { id, command } : null;
  } catch {
    return null;
  }
}
