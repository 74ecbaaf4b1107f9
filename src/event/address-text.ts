import type { Value, ValueContent } from './value.ts';

/** net.TCPAddr and net.UDPAddr as Go prints them, `127.0.0.1:80` and `[::1]:80`; undefined: some other type. */
export function addressText(typeName: string): ((value: Value) => string | undefined) | undefined {
  if (typeName === '*net.UnixAddr') return (value) => textOf(fieldOf(value, 'Name'));
  if (typeName !== '*net.TCPAddr' && typeName !== '*net.UDPAddr') return undefined;
  return (value) => {
    const host = ipText(fieldOf(value, 'IP')?.value);
    const port = fieldOf(value, 'Port')?.value;
    if (host === undefined || typeof port !== 'number') return undefined;
    const zone = textOf(fieldOf(value, 'Zone'));
    return host.includes(':') ? `[${host}${zone ? `%${zone}` : ''}]:${port}` : `${host}:${port}`;
  };
}

function fieldOf(value: Value, name: string): Value | undefined {
  const { value: fields } = value;
  if (!Array.isArray(fields)) return undefined;
  return (fields as readonly Value[]).find((field) => field.name === name);
}

function textOf(value: Value | undefined): string | undefined {
  return typeof value?.value === 'string' ? value.value : undefined;
}

/** A net.IP: 4 bytes, or 16 of which the first twelve may say that it is an IPv4 address. Read as text or numbers. */
function ipText(content: ValueContent | undefined): string | undefined {
  const bytes = typeof content === 'string' ? [...Buffer.from(content)] : content;
  if (bytes === null) return '';
  if (!Array.isArray(bytes) || !bytes.every((byte) => typeof byte === 'number')) return undefined;
  const octets = bytes as readonly number[];
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) return undefined;
  const isMapped = octets.slice(0, 10).every((byte) => byte === 0) && octets[10] === 255 && octets[11] === 255;
  if (isMapped) return octets.slice(12).join('.');
  return ipv6Text(octets);
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
