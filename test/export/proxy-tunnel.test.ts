import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { openGrpcConnection } from '../../src/export/grpc-connection.ts';
import { proxyFor } from '../../src/export/proxy-tunnel.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';

test('the proxy is that of the first variable that is set, unless the host is an exception', () => {
  const url = 'https://otel.example.com:4317';
  const proxyOf = (environment: NodeJS.ProcessEnv) => proxyFor(url, environment)?.href;
  assert.equal(proxyOf({}), undefined);
  assert.equal(proxyOf({ http_proxy: '' }), undefined);
  assert.equal(proxyOf({ http_proxy: 'http://a:1', grpc_proxy: 'http://b:2' }), 'http://b:2/');
  assert.equal(proxyOf({ https_proxy: 'http://user:word@a:1' }), 'http://user:word@a:1/');
  assert.equal(proxyOf({ https_proxy: 'not a url' }), undefined);
  assert.equal(proxyOf({ https_proxy: 'http://a:1', no_proxy: 'localhost, .example.com' }), undefined);
  assert.equal(proxyOf({ https_proxy: 'http://a:1', no_proxy: 'example.org' }), 'http://a:1/');
  assert.equal(proxyOf({ https_proxy: 'http://a:1', no_proxy: 'example.com', no_grpc_proxy: 'x' }), 'http://a:1/');
});

test('gRPC through a proxy, with credentials; a proxy that refuses is named', async () => {
  await using sink = await startOtlpSink();
  const asked: unknown[] = [];
  const proxy = createServer().on('connect', ({ url = '', headers }, client) => {
    asked.push([url, headers['proxy-authorization']]);
    if (asked.length > 1) return client.end('HTTP/1.1 407 No\r\n\r\n');
    client.write('HTTP/1.1 200 OK\r\n\r\n');
    const [host = '', port] = url.split(':');
    const server = connect(Number(port), host);
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const place = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const before = process.env.grpc_proxy;
  process.env.grpc_proxy = `http://us%65r:word@${place}`;
  try {
    const connection = openGrpcConnection({ url: `http://${sink.grpc}`, tls: {}, headers: {}, compression: 'none' });
    const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
    const answer = await connection.call(path, new Uint8Array(0), 5000);
    assert.equal(answer.length, 0);
    connection.reconnect();
    await assert.rejects(connection.call(path, new Uint8Array(0), 5000), new RegExp(`the proxy ${place} answered 407`));
    connection.close();
  } finally {
    if (before === undefined) delete process.env.grpc_proxy;
    else process.env.grpc_proxy = before;
    proxy.close();
  }
  const credentials = `Basic ${Buffer.from('user:word').toString('base64')}`;
  assert.deepEqual(asked, [
    [sink.grpc, credentials],
    [sink.grpc, credentials],
  ]);
});
