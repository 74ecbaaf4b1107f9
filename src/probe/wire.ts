/** Enumerators of bpf/event.h that plans are made of. */

/** enum site_action */
export const siteAction = {
  enter: 1,
  leave: 2,
  finish: 3,
  scopeEnd: 4,
  goroutineEnd: 5,
  panic: 6,
  recovery: 7,
  goexit: 8,
  body: 9,
  inlined: 10,
  keep: 11,
  release: 12,
  note: 13,
  start: 14,
  status: 15,
  syscall: 16,
  syscallEnd: 17,
  pass: 18,
  passOn: 19,
  writeLine: 20,
  writeBlock: 21,
  phase: 22,
  messageSent: 23,
  messageAwaited: 24,
  messageReceived: 25,
  messageRetry: 26,
} as const;

export type SiteAction = (typeof siteAction)[keyof typeof siteAction];

/** enum site_flag */
export const siteFlag = { stackCheck: 1, stackAbi: 2, traceparent: 4, labelsGoOn: 8, silent: 16, repeats: 32 } as const;

/** enum probe_flag */
export const probeFlag = {
  server: 1,
  held: 2,
  sendArguments: 4,
  limited: 8,
  keepArguments: 16,
  phases: 32,
  noted: 64,
} as const;

/** LABEL_NOTED: of a call's labels, the one of what notes say of it. */
export const notedPlace = 5;

/** enum goroutine_activity */
export const goroutineActivity = {
  running: 0,
  runnable: 1,
  syscall: 2,
  waitsOther: 3,
  waitsChannel: 4,
  waitsLock: 5,
  waitsNetwork: 6,
  waitsSleep: 7,
} as const;

/** enum request_phase */
export const requestPhase = { handling: 0, queued: 1, reading: 2, writing: 3, connecting: 4, answering: 5 } as const;

/** enum phase_change */
export const phaseChange = { begin: 1, end: 2, turn: 3, read: 4 } as const;

/** enum outgoing_headers */
export const outgoingHeaders = { map: 1, fields: 2 } as const;

/** enum map_kind */
export const mapKind = { buckets: 1, swiss: 2 } as const;
