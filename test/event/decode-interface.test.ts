import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GoType } from '../../src/binary/go-type.ts';
import type { DecodeContext } from '../../src/event/decode-value.ts';
import { dynamicValueShape } from '../../src/event/dynamic-value.ts';
import type { Value } from '../../src/event/value.ts';
import { stringTable } from '../../src/probe/capture/capture-plan.ts';
import { dynamicPlan } from '../../src/probe/capture/dynamic-type.ts';
import { defaultCaptureLimits } from '../../src/probe/capture/shape-context.ts';
import type { GoValue } from '../probe/capture/fake-memory.ts';
import { basic, interfaceType, pointer, slice, struct } from '../probe/go-types.ts';
import { capture, contents, noNames } from './capture.ts';

const int = basic('int');
const text = basic('string');
const order = struct('main.Order', [
  ['ID', basic('uint64')],
  ['Name', text],
]);

/** The dynamic types of a program, as plan and reader know them. */
function dynamicTable(types: readonly GoType[], isError: (type: GoType) => boolean) {
  const strings = stringTable();
  const shapes = types.map((type, i) => {
    const value = dynamicPlan(type, defaultCaptureLimits, strings);
    return { typeVaddr: 0x500000 + i * 64, plan: 0, isError: isError(type), value, ...value };
  });
  const dynamicTypes = new Map(shapes.map((shape, id) => [shape.typeVaddr, { id, ...shape }]));
  const readers = shapes.map(dynamicValueShape);
  const context: DecodeContext = {
    ...noNames,
    dynamicType: (id) => readers[id],
    typeName: (vaddr) => (vaddr === 0x700000 ? 'main.Unknown' : undefined),
  };
  const wrap = (type: GoType, value: GoValue): GoValue => {
    const i = types.indexOf(type);
    const typeAddress = BigInt(i < 0 ? 0x700000 : 0x500000 + i * 64);
    return { dynamic: type, typeAddress, direct: shapes[i]?.direct ?? false, value };
  };
  return { dynamicTypes, context, wrap };
}

const error = interfaceType('error', true);
const any = interfaceType('interface {}', false);
const errorString = pointer(struct('errors.errorString', [['s', text]]));
const wrapError = pointer(
  struct('fmt.wrapError', [
    ['msg', text],
    ['err', error],
  ]),
);
const pathError = pointer(
  struct('io/fs.PathError', [
    ['Op', text],
    ['Path', text],
    ['Err', error],
  ]),
);
const errno = basic('uintptr', 'syscall.Errno');
const codedError = pointer(
  struct('main.CodedError', [
    ['Code', int],
    ['Reason', text],
  ]),
);
const joinError = pointer(struct('errors.joinError', [['errs', slice(error)]]));

test('errors are shown by their message', () => {
  const { dynamicTypes, context, wrap } = dynamicTable(
    [errorString, wrapError, pathError, errno, codedError, joinError],
    () => true,
  );
  const plain = wrap(errorString, ['boom']);
  const values = [
    plain,
    wrap(wrapError, ['outer: boom', plain]),
    wrap(pathError, ['open', '/x', wrap(errno, 2)]),
    wrap(codedError, [404, 'gone']),
    wrap(joinError, [[plain, wrap(errorString, ['bang'])]]),
    wrap(struct('main.Unknown', []), []),
  ];
  const decoded = capture(
    values.map(() => error),
    values,
    { dynamicTypes, context },
  ).values;
  assert.deepEqual(decoded.map(({ goType, value, unavailable }) => [goType, value ?? unavailable]).slice(0, 3), [
    ['*errors.errorString', 'boom'],
    ['*fmt.wrapError', 'outer: boom'],
    ['*io/fs.PathError', 'open /x: no such file or directory'],
  ]);
  assert.deepEqual(decoded[3]?.value, [
    { name: 'Code', type: 'INT', goType: 'int', value: 404 },
    { name: 'Reason', type: 'STRING', goType: 'string', value: 'gone' },
  ]);
  assert.equal(decoded[4]?.value, 'boom\nbang');
  assert.equal(decoded[5]?.goType, 'main.Unknown');
  assert.match(decoded[5]?.unavailable ?? '', /dynamic type/);
});

const tcpAddr = pointer(
  struct('net.TCPAddr', [
    ['IP', slice(basic('uint8', 'uint8'))],
    ['Port', int],
    ['Zone', text],
  ]),
);

test('network addresses are shown as Go prints them', () => {
  const { dynamicTypes, context, wrap } = dynamicTable([tcpAddr], () => false);
  const addresses: [number[], string, string][] = [
    [[127, 0, 0, 1], '', '127.0.0.1:80'],
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 1, 2, 3], '', '10.1.2.3:80'],
    [[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], '', '[2001:db8::1]:80'],
    [[0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 'eth0', '[fe80::1%eth0]:80'],
    [[97, 98, 99, 100], '', '97.98.99.100:80'],
  ];
  for (const [octets, zone, expected] of addresses) {
    const address = wrap(tcpAddr, [Uint8Array.from(octets), 80, zone]);
    assert.deepEqual(contents(capture([error], [address], { dynamicTypes, context }).values), [expected]);
  }
});

const status = struct('google.golang.org/genproto/googleapis/rpc/status.Status', [
  ['state', int],
  ['Code', basic('int32')],
  ['Message', text],
]);
const grpcError = pointer(
  struct('google.golang.org/grpc/internal/status.Error', [
    ['s', pointer(struct('google.golang.org/grpc/internal/status.Status', [['s', pointer(status)]]))],
  ]),
);
const opError = pointer(
  struct('net.OpError', [
    ['Op', text],
    ['Net', text],
    ['Source', error],
    ['Addr', error],
    ['Err', error],
  ]),
);
const urlError = pointer(
  struct('net/url.Error', [
    ['Op', text],
    ['URL', text],
    ['Err', error],
  ]),
);

const timeoutError = pointer(struct('net.timeoutError', []));

test('errors of grpc, net and url as their own Error() says them', () => {
  const { dynamicTypes, context, wrap } = dynamicTable(
    [errorString, grpcError, opError, urlError, errno, timeoutError],
    () => true,
  );
  const refused = wrap(opError, ['dial', 'tcp', null, wrap(errorString, ['1.2.3.4:80']), wrap(errno, 111)]);
  const values = [
    wrap(grpcError, [[[0, 5, 'no such item']]]),
    refused,
    wrap(urlError, ['Get', 'http://x', refused]),
    wrap(opError, ['accept', 'tcp', null, null, wrap(errorString, ['closed'])]),
    wrap(opError, ['read', 'tcp', null, null, wrap(timeoutError, [])]),
    wrap(errno, 9999),
  ];
  const decoded = capture(
    values.map(() => error),
    values,
    { dynamicTypes, context },
  ).values;
  assert.deepEqual(contents(decoded), [
    'rpc error: code = NotFound desc = no such item',
    'dial tcp 1.2.3.4:80: connection refused',
    'Get "http://x": dial tcp 1.2.3.4:80: connection refused',
    'accept tcp: closed',
    'read tcp: i/o timeout',
    'errno 9999',
  ]);
});

test('an interface holds values of any shape', () => {
  const orderPointer = pointer(order);
  const texts = slice(text);
  const { dynamicTypes, context, wrap } = dynamicTable([int, text, order, orderPointer, texts], () => false);
  const values = [
    wrap(int, 7),
    wrap(text, 'x'),
    wrap(order, [1, 'n']),
    wrap(orderPointer, [2, 'm']),
    wrap(texts, ['q']),
    null,
  ];
  const decoded = capture([...values.map(() => any), slice(any)], [...values, [wrap(int, 1), null]], {
    dynamicTypes,
    context,
  }).values;
  assert.deepEqual(
    decoded.map(({ goType }) => goType),
    ['int', 'string', 'main.Order', '*main.Order', '[]string', 'interface {}', '[]interface {}'],
  );
  assert.deepEqual(contents(decoded).slice(0, 2), [7, 'x']);
  assert.equal((decoded[3]?.value as Value[])[1]?.value, 'm');
  assert.equal(decoded[5]?.value, null);
  assert.deepEqual(decoded[6]?.value, [{ goType: 'int', value: 1 }, null]);
});

test('a value behind an interface that can not be read is a fault and the rest stays in step', () => {
  const { dynamicTypes, context, wrap } = dynamicTable([text], () => false);
  const broken = { ...(wrap(text, 'x') as object), direct: true } as GoValue;
  const { values } = capture([any, text], [broken, 'after'], { dynamicTypes, context });
  assert.equal(values[0]?.unavailable, 'fault');
  assert.equal(values[1]?.value, 'after');
});
