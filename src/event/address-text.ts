import type { Value, ValueContent } from './value.ts';
import { fieldNamed, textOf } from './value-parts.ts';

/** net.TCPAddr and net.UDPAddr as Go prints them, `127.0.0.1:80` and `[::1]:80`; undefined: some other type. */
export function addressText(typeName: string): ((value: Value) => string | undefined) | undefined {
  if (typeName === '*net.UnixAddr') return (value) => textOf(fieldNamed(value, 'Name'));
  if (typeName !== '*net.TCPAddr' && typeName !== '*net.UDPAddr') return undefined;
  return (value) => {
    const host = hostText(fieldNamed(value, 'IP'));
    const port = fieldNamed(value, 'Port')?.value;
    if (host === undefined || typeof port !== 'number') return undefined;
    const zone = textOf(fieldNamed(value, 'Zone'));
    return host.includes(':') ? `[${host}${zone ? `%${zone}` : ''}]:${port}` : `${host}:${port}`;
  };
}

/** A field that present-value.ts has made text of, if the program has the name of its type. */
function hostText(ip: Value | undefined): string | undefined {
  if (ip?.goType === 'net.IP') return ip.value === null ? '' : textOf(ip);
  return ip && ipText(ip.value, ip.encoding);
}

/** A net.IP: 4 bytes, or 16 of which the first twelve may say that it is an IPv4 address. Read as text or hex. */
export function ipText(content: ValueContent | undefined, encoding: 'hex' | undefined): string | undefined {
  if (content === null) return '';
  if (typeof content !== 'string') return undefined;
  const octets = [...Buffer.from(content, encoding ?? 'utf8')];
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) return undefined;
  return isMapped(octets) ? octets.slice(12).join('.') : ipv6Text(octets);
}

/** An IPv4 address in IPv6 form. */
function isMapped(octets: readonly number[]): boolean {
  return octets.slice(0, 10).every((byte) => byte === 0) && octets[10] === 255 && octets[11] === 255;
}

/**
 * netip.Addr {addr {hi, lo uint64}, z}: z is a unique.Handle to {isV6, zoneV6} since Go 1.23, before it an *intern.Value
 * whose value is the zone, and which tells IPv4 from the same in IPv6 form by its address alone (https://github.com/golang/go/blob/go1.26.0/src/net/netip/netip.go).
 */
export function addrText(value: Value): string | undefined {
  const address = fieldNamed(value, 'addr');
  const z = fieldNamed(value, 'z');
  const halves = ['hi', 'lo'].map((half) => address && fieldNamed(address, half)?.value);
  if (z === undefined || !halves.every((half) => typeof half === 'number' || typeof half === 'string'))
    return undefined;
  const detail = fieldNamed(z, 'value') ?? z;
  if (detail.value === null) return 'invalid IP';
  const octets = halves.flatMap((half) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(half as number | string));
    return [...bytes];
  });
  const isV6 = fieldNamed(detail, 'isV6')?.value;
  if (isMapped(octets) && isV6 !== true) return octets.slice(12).join('.');
  const zone = textOf(fieldNamed(detail, 'zoneV6') ?? fieldNamed(detail, 'cmpVal')) ?? '';
  const text = isMapped(octets) ? `::ffff:${octets.slice(12).join('.')}` : ipv6Text(octets);
  return zone === '' ? text : `${text}%${zone}`;
}

export function addrPortText(value: Value): string | undefined {
  const host = textOf(fieldNamed(value, 'ip'));
  const port = fieldNamed(value, 'port')?.value;
  if (host === undefined || typeof port !== 'number') return undefined;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** {ip, bitsPlusOne uint8}; up to Go 1.20 {ip, bits int16}. */
export function prefixText(value: Value): string | undefined {
  const host = textOf(fieldNamed(value, 'ip'));
  const plusOne = fieldNamed(value, 'bitsPlusOne')?.value;
  const bits = typeof plusOne === 'number' ? plusOne - 1 : fieldNamed(value, 'bits')?.value;
  return host === undefined || typeof bits !== 'number' ? undefined : bits < 0 ? 'invalid Prefix' : `${host}/${bits}`;
}

/** RFC 5952: the longest run of zero groups becomes `::`. */
function ipv6Text(octets: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0)).toString(16),
  );
  let [bestStart, bestLength] = [-1, 1];
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === '0') length += 1;
    if (length > bestLength) [bestStart, bestLength] = [start, length];
  }
  if (bestStart < 0) return groups.join(':');
  return `${groups.slice(0, bestStart).join(':')}::${groups.slice(bestStart + bestLength).join(':')}`;
}
