/** Milliseconds that a thread has used of a processor so far. */
export const cpuMsOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000;
