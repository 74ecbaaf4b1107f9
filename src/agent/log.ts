import type { LogLevel } from '../config/config.ts';

/** Lines for people on stderr, as many as SIDESPAN_LOG_LEVEL lets through. */
export interface Log {
  error(line: string): void;
  warn(line: string): void;
  info(line: string): void;
  debug(line: string): void;
}

const order: readonly LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug'];

export function createLog(level: LogLevel, write: (line: string) => void): Log {
  const upTo = order.indexOf(level);
  const at = (own: LogLevel, prefix: string) => (line: string) => {
    if (order.indexOf(own) <= upTo) write(`${prefix}${line}`);
  };
  return {
    error: at('error', 'sidespan: error: '),
    warn: at('warn', 'sidespan: warning: '),
    info: at('info', 'sidespan: '),
    debug: at('debug', 'sidespan: debug: '),
  };
}
