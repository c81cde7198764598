// What npx and others do: starts the command given as its arguments on its own streams, and ends as that does. With `--apart` as the first, the
// command leads a process group of its own.
import { spawn } from "node:child_process";

const [first, ...rest] = process.argv.slice(2);
const apart = first === "--apart";
const [program, ...args] = apart ? rest : [first, ...rest];
spawn(program, args, { stdio: "inherit", detached: apart }).on("exit", code => process.exit(code ?? 1));
