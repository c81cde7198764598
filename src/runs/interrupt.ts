/** The early end of work: Ctrl-C, SIGTERM, or the signal of a caller of the library. */
/** The wait was ended by Ctrl-C or SIGTERM. */
export class Interrupted extends Error {}

/** Waits for the promise, or throws Interrupted as soon as the signal comes. */
export async function unlessInterrupted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new Interrupted());
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Does the work; true if an interrupt cut it short. Work that ends because it has heard the signal itself was cut short, too. */
export async function wasInterrupted(signal: AbortSignal, work: Promise<void>): Promise<boolean> {
  try {
    await unlessInterrupted(signal, work);
    return signal.aborted;
  } catch (error) {
    if (error instanceof Interrupted) return true;
    throw error;
  }
}
