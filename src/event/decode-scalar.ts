import { type IntegerShape, inFloatRegister, type PlainShape } from '../probe/capture/shape.ts';
import type { Value, ValueContent } from './value.ts';
import { isZeroWord, wordText } from './value-parts.ts';

/** A value that lies in the image as it is. */
export function decodeScalar(shape: IntegerShape | PlainShape, name: string, base: number, view: DataView): Value {
  const { type, goType } = shape;
  const at = base + shape.at;
  if (shape.kind === 'integer') {
    return { name, type, goType, value: readInteger(view, at, shape.sizeBytes, shape.signed) };
  }
  if (shape.known !== undefined) {
    const { at: knownAt, bits } = shape.known;
    if ((view.getUint32(base + knownAt, true) & bits) !== bits) {
      return { name, type, goType, unavailable: inFloatRegister };
    }
  }
  if (shape.kind === 'time') {
    const time = readTime(view, at);
    return time === undefined
      ? { name, type, goType, unavailable: 'no time that a calendar has' }
      : { name, type, goType, value: time };
  }
  return { name, type, goType, value: readPlain(shape, view, at) };
}

/** Numbers beyond 2^53 as strings of digits. */
function readInteger(view: DataView, at: number, sizeBytes: number, signed: boolean): number | string {
  switch (sizeBytes) {
    case 1:
      return signed ? view.getInt8(at) : view.getUint8(at);
    case 2:
      return signed ? view.getInt16(at, true) : view.getUint16(at, true);
    case 4:
      return signed ? view.getInt32(at, true) : view.getUint32(at, true);
  }
  const low = view.getUint32(at, true);
  const high = signed ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true);
  if (high < 0x20_0000 && high >= -0x20_0000) {
    const value = high * 0x1_0000_0000 + low;
    if (Number.isSafeInteger(value)) return value;
  }
  return String((BigInt(high) << 32n) | BigInt(low));
}

function readPlain(shape: PlainShape, view: DataView, at: number): ValueContent {
  switch (shape.kind) {
    case 'word':
      return readWord(view, at, shape.sizeBytes);
    case 'bool':
      return view.getUint8(at) !== 0;
    case 'float':
      return readFloat(view, at, shape.sizeBytes);
    case 'complex': {
      const half = shape.sizeBytes / 2;
      return { real: readFloat(view, at, half), imaginary: readFloat(view, at + half, half) };
    }
    case 'present':
      return !isZeroWord(view, at);
    default:
      return isZeroWord(view, at) ? null : wordText(view, at);
  }
}

/** All its digits, so that they show its size. */
function readWord(view: DataView, at: number, sizeBytes: number): string {
  let digits = '';
  for (let i = 0; i < sizeBytes; i++)
    digits =
      view
        .getUint8(at + i)
        .toString(16)
        .padStart(2, '0') + digits;
  return `0x${digits}`;
}

/** JSON has no NaN, no infinities and no -0: they are strings. */
function readFloat(view: DataView, at: number, sizeBytes: number): number | string {
  const value = sizeBytes === 4 ? shortestFloat32(view.getFloat32(at, true)) : view.getFloat64(at, true);
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

/** 0.1 as Go prints it, not 0.10000000149011612. */
function shortestFloat32(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** Seconds from year 1 (Go's zero time) and from 1885 (with a monotonic clock reading) to 1970: time/time.go. */
const unixFromYear1 = -62_135_596_800;
const unixFromYear1885 = -2_682_288_000;

/** time.Time {wall, ext, loc} as RFC 3339 in UTC. The layout: https://github.com/golang/go/blob/go1.26.0/src/time/time.go, type Time. */
function readTime(view: DataView, at: number): string | undefined {
  const low = view.getUint32(at, true);
  const high = view.getUint32(at + 4, true);
  const nanoseconds = low & 0x3fff_ffff;
  let seconds: number;
  if (high >>> 31 === 1) {
    // 33 bits: 31 of the upper half below the flag, 2 of the lower.
    seconds = (high & 0x7fff_ffff) * 4 + (low >>> 30) + unixFromYear1885;
  } else {
    seconds = view.getUint32(at + 8, true) + view.getInt32(at + 12, true) * 0x1_0000_0000 + unixFromYear1;
  }
  if (Math.abs(seconds) > 8.64e12 || nanoseconds > 999_999_999) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, -5);
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`;
  return `${whole}${fraction}Z`;
}
