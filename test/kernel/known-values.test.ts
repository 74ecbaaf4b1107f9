import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goTarget } from '../support/go-target.ts';
import { traceJson } from '../support/trace-json.ts';
import { valueLine } from '../support/value-lines.ts';

/** What `sidespan trace --json` says of test/targets/known. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'main.takesAddresses': [
    'v4 []UINT net.IP = "10.0.0.1" cap 16',
    'v6 []UINT net.IP = "2001:db8::1" cap 16',
    'addr STRUCT net/netip.Addr = "192.0.2.7"',
    'addr6 STRUCT net/netip.Addr = "2001:db8::2"',
    'zoned STRUCT net/netip.Addr = "fe80::1%eth0"',
    'port STRUCT net/netip.AddrPort = "[::1]:80"',
    'prefix STRUCT net/netip.Prefix = "10.0.0.0/8"',
    'none STRUCT net/netip.Addr = "invalid IP"',
  ],
  'main.takesRequest': [
    'r PTR *net/http.Request = {Method STRING string = "GET"; URL PTR *net/url.URL = "https://shop.example/items?id=7"; Proto STRING string = "HTTP/1.1"; Host STRING string = "shop.example"; RemoteAddr STRING string = ""}',
    'u PTR *net/url.URL = "postgres://shop:REDACTED@db:5432/shop?x=1#top"',
    'relative STRUCT net/url.URL = "/a b?q=1"',
  ],
  'main.takesLocks': [
    'free PTR *sync.Mutex = "unlocked"',
    'held PTR *sync.Mutex = "locked"',
    'read PTR *sync.RWMutex = "read-locked by 2"',
    'written PTR *sync.RWMutex = "locked"',
    'n PTR *sync/atomic.Int64 = -5',
    'b PTR *sync/atomic.Bool = true',
  ],
  'main.takesReflect': [
    'text STRUCT reflect.Value = {type STRING reflect.Type = "string"; kind STRING reflect.Kind = "string"; value INTERFACE string = "text"}',
    'pointer STRUCT reflect.Value = {type STRING reflect.Type = "*main.Login"; kind STRING reflect.Kind = "pointer"; value INTERFACE *main.Login = {User STRING string = "bob"; Password STRING string ! redacted; Pin INT int = 7; Key PTR *[4]uint8 = "S3CR"; APIKey [8]UINT [8]uint8 ! redacted}}',
    'invalid STRUCT reflect.Value = "invalid"',
  ],
  'main.takesBytes': [
    'text []UINT []uint8 = "text ż"',
    'raw []UINT []uint8 = "00ff10"',
    'empty []UINT []uint8 = ""',
    'none []UINT []uint8 = null',
    'document []UINT encoding/json.RawMessage = "{\\"a\\":1}"',
    'list [][]UINT [][]uint8 = [{"value":"0102","encoding":"hex"}, "b"] cap 2',
  ],
  'main.takesMaps': [
    'm MAP map[string]int = [{"key":"a","value":1}, {"key":"b","value":2}]',
    'byInt MAP map[int]string = [{"key":1,"value":"one"}, {"key":2,"value":"two"}, {"key":3,"value":"three"}]',
  ],
};

for (const go of ['1.22', '1.23', undefined]) {
  test(`values of well-known types, Go ${go ?? 'installed'}`, { timeout: 120_000 }, async () => {
    const { calls } = traceJson(['main.takes*'], [await goTarget('known', go === undefined ? {} : { go })]);
    const [, , nested, big, none] = calls.find(({ funcName }) => funcName === 'main.takesMaps')?.args ?? [];
    assert.match(JSON.stringify(nested?.value), /^\[{"key":"Accept","value":.*"x"/);
    const entries = big?.value as unknown as { key: number; value: number }[];
    assert.ok(entries.length >= 2 && big?.truncated?.of === 500, JSON.stringify(big));
    for (const { key, value } of entries) assert.equal(value, key * key);
    assert.equal(none?.value, null);
    const args = (name: string) => calls.find(({ funcName }) => funcName === name)?.args ?? [];
    for (const [name, lines] of Object.entries(expected)) {
      const shown = args(name)
        .slice(0, lines.length)
        .map((value) => valueLine(value).replace(/ cap \d+$/, ''));
      assert.deepEqual(
        shown,
        lines.map((line) => line.replace(/ cap \d+$/, '')),
        name,
      );
    }
    const [at, withClock] = args('main.takesDurations').slice(2);
    assert.equal(at?.value, '2030-01-02T03:04:05Z');
    assert.ok(Math.abs(Date.parse(String(withClock?.value)) - Date.now()) < 60_000, String(withClock?.value));
    const [background, todo, ctx, derived] = args('main.takesContexts');
    assert.deepEqual([background?.value, todo?.value], [[], []]);
    assert.deepEqual(contextLine(ctx?.value), [
      'deadline "2030-01-02T03:04:05Z"',
      'main.textKey("trace") 7',
      'main.userKey "alice"',
    ]);
    // How far the chain is followed is the capture's business; what is shown is true, and the end is said.
    assert.deepEqual(contextLine(derived?.value).slice(0, 2), [
      'main.userKey "bob"',
      'deadline "2030-01-02T03:04:05Z"',
    ]);
    assert.match(contextLine(derived?.value).at(-1) ?? '', /^parent .*no room/);
  });
}

function contextLine(content: unknown): string[] {
  return (content as { name: string; value?: unknown; unavailable?: string }[]).map(
    ({ name, value, unavailable }) => `${name} ${unavailable ?? JSON.stringify(value)}`,
  );
}
