/** Which command lines become their program: a single command in whatever quotes. All else is the shell's, unchanged. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables are the shell's.
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { withoutShell } from "../../src/bus-protocol/command-line.ts";

test.each([
  ["python3 my_bus.py --fast", "exec python3 my_bus.py --fast"],
  ["  ./bus  ", "exec ./bus"],
  ["npx tsx bus.ts", "exec npx tsx bus.ts"],
  ["X=1 ./bus", "X=1 exec ./bus"],
  ["X= Y='a b;c' Z=\"$HOME\"/d ./bus e", "X= Y='a b;c' Z=\"$HOME\"/d exec ./bus e"],
  ["'my bus' \"a && b\" c\\;d", "exec 'my bus' \"a && b\" c\\;d"],
  ["~/bus $HOME/x ${HOME} *.json a#b", "exec ~/bus $HOME/x ${HOME} *.json a#b"],
  ["./bus 2>log", "exec ./bus 2>log"],
  ["./bus >>log 2>&1", "exec ./bus >>log 2>&1"],
  ["./bus a=b", "exec ./bus a=b"],
  ["./bus 'two\nlines'", "exec ./bus 'two\nlines'"],
  ["exec ./bus", "exec ./bus"],
  ["X=1 exec ./bus", "X=1 exec ./bus"],
])("%j is one command", (line, made) => {
  expect(withoutShell(line)).toBe(made);
});

test.each([
  "",
  "cd d && ./bus",
  "a; b",
  "a\nb",
  "a &",
  "a | b",
  "a || b",
  "(./bus)",
  "{ ./bus; }",
  "if true",
  "cd d",
  "X=1 cd d",
  "X=1",
  "X+=1 ./bus",
  "time ./bus",
  "command ./bus",
  "./bus `date`",
  "./bus $(date)",
  './bus "$(date)"',
  "X=$(date) ./bus",
  "./bus ${X:-$(date)}",
  "./bus <<end",
  "./bus &>log",
  "./bus # of ours",
  './bus "open',
  "./bus 'open",
  "./bus two\\\nlines",
  "exec ./bus; true",
])("%j may be more than one, and is left as it is", line => {
  expect(withoutShell(line)).toBeUndefined();
});

describe("the shell of this machine makes of it what it would have made of the line", () => {
  const run = (line: string) => {
    const { status, stdout } = spawnSync("/bin/sh", ["-c", line], {
      encoding: "utf8",
      env: { ...process.env, Y: "y" },
    });
    return { status, stdout };
  };

  test.each([
    "X=1 printenv X",
    "X='a b' Z=$Y printenv X Z",
    "X=$Y printf '%s.' \"$X\" $Y 'q r' s\\ t",
    "printf '%s.' \"a && b\" c\\;d a#b",
    "ls /no-such-file-as-this 2>/dev/null",
    "no-such-program-as-this",
  ])("%j", line => {
    const made = withoutShell(line);
    expect(made).toContain("exec ");
    expect(run(made ?? "")).toEqual(run(line));
  });
});
