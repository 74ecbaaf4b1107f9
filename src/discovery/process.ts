/** A process that Sidespan may trace. */
export interface TargetProcess {
  /** In the agent's own PID namespace. */
  readonly pid: number;
  /** Start time in clock ticks since boot (field 22 of /proc/PID/stat): tells a reused pid from the same process. */
  readonly startTicks: number;
  /** What the link /proc/PID/exe says; ` (deleted)` removed. */
  readonly exePath: string;
  readonly exeDeleted: boolean;
  readonly commandLine: readonly string[];
  /** device:inode of the running executable. */
  readonly exeIdentity: string;
}
