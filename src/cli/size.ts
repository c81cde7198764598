/** `faultline size` on the command line: its options, its help, and what it is called with. */
import { InvalidArgumentError } from "commander";
import { sizeBuffer } from "../commands/size.ts";
import { UsageError } from "../errors.ts";
import { sourcedFrom } from "../runs/policies.ts";
import type { BackendName } from "../worlds/live/backend.ts";
import { type Add, backendOption, collected, duration, examples, positive } from "./shared.ts";

interface SizeFlags {
  readonly profile?: readonly string[];
  readonly outage?: number;
  readonly rate?: number;
  readonly bytes?: number;
  readonly subject?: string;
  readonly svg?: boolean;
  readonly drill?: boolean;
  readonly bus?: readonly string[];
  readonly backend: BackendName;
}

export const addSize: Add = (program, run) => {
  program
    .command("size")
    .description("how large the reconnect buffer has to be, and what an outage costs with the one that is there")
    .argument("<policy...>", "a bundled policy, a file of your own, or files and folders that import reads")
    .option("--outage <time>", "how long NATS is away, such as 90s or 5m (default: the longest declared)", duration)
    .option("--rate <n>", "messages that a replica publishes in a second, in place of the declared loads", rate)
    .option("--bytes <n>", "the payload of each, with --rate", positive)
    .option("--subject <subject>", "the subject of each, with --rate (default: one that goes out as core NATS)")
    .option("--profile <name>", "a client (repeatable; default: all of them)", collected)
    .option("--svg", "the plot of pending bytes over time as SVG on stdout")
    .option("--drill", "fill the buffer of real clients, and hold the prediction against them")
    .option("--bus <name|command>", "with --drill: a bus (repeatable; default: the bundled ones)", collected)
    .addOption(backendOption())
    .option("--json", "one JSON document on stdout, everything else on stderr")
    .addHelpText(
      "after",
      examples([
        ["faultline size ./manifests --outage 90s", "of the loads that the policy declares"],
        ["faultline size cordum-hardened --rate 500 --bytes 600 --outage 2m", "of figures of your own"],
        ["faultline size ./my-bus.json --drill --bus go-nats-go", "predicted beside observed, with the memory"],
        ["faultline size ./my-bus.json --svg > pending.svg", "the plot"],
      ]),
    )
    .action((named: readonly string[], flags: SizeFlags) =>
      run(context => {
        const { profile = [], outage, svg = false, drill = false, bus = [], backend } = flags;
        if (bus.length > 0 && !drill) throw new UsageError("--bus is for --drill: without it no bus is run.");
        return sizeBuffer(context, {
          ...{ source: sourcedFrom(named), profiles: profile, outageMs: outage, own: ownOf(flags), svg },
          drill: drill ? { buses: bus, backend } : undefined,
        });
      }),
    );
};

function ownOf({ rate: perSecond, bytes, subject }: SizeFlags) {
  if (perSecond === undefined && bytes === undefined && subject === undefined) return undefined;
  if (perSecond === undefined || bytes === undefined)
    throw new UsageError("--rate and --bytes belong together, and --subject to them: --rate 200 --bytes 512.");
  return { perSecond, bytes, subject };
}

function rate(text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && number > 0 && number <= 10_000_000) return number;
  throw new InvalidArgumentError("It must be a number above 0, and 10,000,000 at most.");
}
