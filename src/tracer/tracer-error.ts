/** A process that could not be traced: which, why, what to do. */
export class TracerError extends Error {
  readonly pid: number;

  constructor(pid: number, what: string, remedy: string, options?: ErrorOptions) {
    super(`Process ${pid}: ${what}. ${remedy}`, options);
    this.name = 'TracerError';
    this.pid = pid;
  }
}
