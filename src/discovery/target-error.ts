/** Why a process can't be a target. */
export type TargetRefusal = 'absent' | 'not go' | 'no permission' | 'kernel thread' | 'itself' | 'ended';

/** The process that was asked for can't be traced. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
  readonly refusal: TargetRefusal;
  readonly pid: number;

  constructor(pid: number, refusal: TargetRefusal, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.pid = pid;
    this.refusal = refusal;
  }
}
