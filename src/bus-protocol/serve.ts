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
   */
  handle(command: Command): Promise<Reply>;
}

/** Events are emitted in the order in which the client raised them. */
export type CreateBus = (emit: (event: BusEvent) => void) => BusModule;

export function serveStdio(createBus: CreateBus): void {
  const say = (message: NumberedReply | BusEvent, spoken?: () => void): void => {
    process.stdout.write(`${JSON.stringify(message)}\n`, spoken);
  };
  keepStdoutForProtocol();
  const bus = createBus(say);
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
  say({ id, ...(await answer(bus, command)) }, command.do === "quit" ? () => process.exit(0) : undefined);
}

async function answer(bus: BusModule, command: Command): Promise<Reply | Refusal> {
  try {
    return await bus.handle(command);
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
