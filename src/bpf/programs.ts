/** The uprobe program: one for all kinds of sites. */
export const siteProgram = 'site_hit';

/** Programs that tell of processes which come and go. */
export const processPrograms = [
  { name: 'process_exec', tracepoint: 'sched_process_exec' },
  { name: 'process_exit', tracepoint: 'sched_process_exit' },
] as const;

/** The uprobe program that writes headers into requests; of another object. */
export const outgoingProgram = 'outgoing_hit';
