import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { TlsMaterial } from './otlp-options.ts';

/** The variables that gRPC clients look at, the first that is set (https://github.com/grpc/grpc/blob/master/doc/environment_variables.md). */
const PROXY_VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy'];
const EXCEPTION_VARIABLES = ['no_grpc_proxy', 'no_proxy'];

/** The proxy for this address; undefined: none. */
export function proxyFor(url: string, environment: NodeJS.ProcessEnv = process.env): URL | undefined {
  const proxy = firstOf(PROXY_VARIABLES, environment);
  if (proxy === undefined || !URL.canParse(proxy) || new URL(proxy).protocol !== 'http:') return undefined;
  const { hostname } = new URL(url);
  const exceptions = (firstOf(EXCEPTION_VARIABLES, environment) ?? '').split(',').map((name) => name.trim());
  const isException = (name: string) => name !== '' && (name === '*' || hostname.endsWith(name));
  return exceptions.some(isException) ? undefined : new URL(proxy);
}

/** A connection to the url's host through an HTTP proxy, with TLS for https. */
export async function openTunnel(proxy: URL, url: string, tls: TlsMaterial): Promise<Duplex> {
  const { hostname, port, protocol } = new URL(url);
  const socket = await throughProxy(proxy, `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`);
  return protocol === 'https:' ? connectTls({ ...tls, socket, servername: hostname, ALPNProtocols: ['h2'] }) : socket;
}

function throughProxy(proxy: URL, target: string): Promise<Duplex> {
  const { hostname, port, username, password } = proxy;
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const headers = { host: target, ...(username !== '' && { 'proxy-authorization': `Basic ${credentials}` }) };
  return new Promise((resolve, reject) => {
    request({ method: 'CONNECT', host: hostname, port: port || 80, path: target, headers, agent: false })
      .on('connect', ({ statusCode }, socket, head) => {
        if (statusCode === 200) {
          // What the server said at once.
          socket.unshift(head);
          resolve(socket);
        } else {
          socket.destroy();
          reject(new Error(`the proxy ${proxy.host} answered ${statusCode}`));
        }
      })
      .on('error', (error) => reject(new Error(`the proxy ${proxy.host}: ${error.message}`)))
      .end();
  });
}

function firstOf(names: readonly string[], environment: NodeJS.ProcessEnv): string | undefined {
  return names.map((name) => environment[name]).find((value) => value !== undefined && value !== '');
}
