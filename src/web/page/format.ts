const UNITS: readonly (readonly [factorNs: number, unit: string])[] = [
  [1, 'ns'],
  [1e3, 'µs'],
  [1e6, 'ms'],
  [1e9, 's'],
];

/** Three digits that count, and the unit: `4.21`, `ms`. Minutes from 120 s on. */
export function durationParts(ns: number): readonly [value: string, unit: string] {
  if (ns >= 120e9) return [(ns / 60e9).toFixed(1), 'min'];
  let [factor, unit] = UNITS[0] ?? [1, 'ns'];
  // 999.5 of a unit would be shown as 1000.
  for (const [nextFactor, nextUnit] of UNITS) if (ns >= nextFactor * 0.9995) [factor, unit] = [nextFactor, nextUnit];
  return [threeDigits(ns / factor), unit];
}

export function duration(ns: number): string {
  return durationParts(ns).join(' ');
}

function threeDigits(value: number): string {
  if (value >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}

const grouping = new Intl.NumberFormat('en');

/** `1,204,551` */
export function count(value: number): string {
  return grouping.format(value);
}

/** `1 trace`, `2 traces` */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** Local time of day to the millisecond: `09:26:53.120`. */
export function timeOfDay(unixMs: number): string {
  const date = new Date(unixMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const milliseconds = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}

export function dateAndTime(unixMs: number): string {
  const date = new Date(unixMs);
  const day = `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
  return `${day} ${timeOfDay(unixMs)}`;
}

/** `12 s`, `4 min`, `3 h 20 min`, `5 d 2 h` */
export function timeSpan(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `…/shop/cart.(*Cart).Add`: the package path's last two parts and what follows; whole if that is all. */
export function shortFunctionName(name: string): string {
  const parts = name.split('/');
  return parts.length > 3 ? `…/${parts.slice(-2).join('/')}` : name;
}
