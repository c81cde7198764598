/**
 * The progress of a run, shown on stderr meanwhile: one line rewritten in place on a terminal, plain lines now and then elsewhere (a pipe,
 * a CI log). Never written to stdout.
 */
import { cleaned, cleanedText } from "../text/clean.ts";

export interface Progress {
  /** The present state; the next one takes its place. */
  now(text: string): void;
  /** A line that stays. */
  note(text: string): void;
  /** Nothing more to say: leaves the cursor at the start of a line. */
  end(): void;
}

const plainIntervalMs = 5_000;

export function progressOn(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Progress {
  return stream.isTTY === true && !env.CI && env.TERM !== "dumb" ? rewritten(stream) : plainLines(stream);
}

function rewritten(stream: NodeJS.WriteStream): Progress {
  const clear = "\r\x1b[2K";
  let isDirty = false;
  const end = (): void => {
    if (isDirty) stream.write(clear);
    isDirty = false;
  };
  return {
    now(text) {
      stream.write(`${clear}${cleaned(text).slice(0, (stream.columns || 80) - 1)}`);
      isDirty = true;
    },
    note(text) {
      end();
      stream.write(`${cleanedText(text)}\n`);
    },
    end,
  };
}

function plainLines(stream: NodeJS.WriteStream): Progress {
  let last = Number.NEGATIVE_INFINITY;
  return {
    now(text) {
      if (performance.now() - last < plainIntervalMs) return;
      last = performance.now();
      stream.write(`${cleanedText(text)}\n`);
    },
    note: text => void stream.write(`${cleanedText(text)}\n`),
    end: () => {},
  };
}
