/** Bits of the capability sets (include/uapi/linux/capability.h). */
const bits = { SYS_PTRACE: 19, SYS_ADMIN: 21, SYS_RESOURCE: 24, PERFMON: 38, BPF: 39 } as const;

export type Capability = keyof typeof bits;

/** The effective set of /proc/self/status, or undefined if the text has none. */
export function effectiveCapabilities(status: string): ReadonlySet<Capability> | undefined {
  const hex = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(status)?.[1];
  if (hex === undefined) return undefined;
  const set = BigInt(`0x${hex}`);
  const names = Object.keys(bits) as Capability[];
  return new Set(names.filter((name) => (set >> BigInt(bits[name])) % 2n === 1n));
}

/**
 * Whether a text of /proc/self/uid_map is that of the first user namespace: capabilities of any other don't count for BPF.
 */
export function isInitialUserNamespace(uidMap: string): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}
