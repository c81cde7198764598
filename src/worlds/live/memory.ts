/** The memory of a process, from Linux's /proc alone. */
import { readFileSync } from "node:fs";

export interface Memory {
  readonly residentBytes: number;
  /** The most that it has ever had. */
  readonly peakBytes: number;
}

/** Undefined where the kernel does not report it, or the process has ended. */
export function memoryOf(pid: number): Memory | undefined {
  try {
    return parseStatus(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return undefined;
  }
}

/** Reads the lines VmRSS and VmHWM, in kibibytes. A process that is ending has neither. */
export function parseStatus(text: string): Memory | undefined {
  const bytesOf = (name: string): number => 1_024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]);
  const memory = { residentBytes: bytesOf("VmRSS"), peakBytes: bytesOf("VmHWM") };
  return Number.isNaN(memory.residentBytes + memory.peakBytes) ? undefined : memory;
}
