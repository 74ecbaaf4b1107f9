import { containerd, dockerd, dockerRegistry } from './container-engines.ts';
import { etcd, gobgpd, jaeger } from './grpc-servers.ts';
import { nodeExporter, prometheus, pushgateway, victoriaMetrics } from './metric-servers.ts';
import type { Program } from './program.ts';
import { caddy, nats, ntfy, resticServer } from './web-servers.ts';

export const programs: readonly Program[] = [
  { ...dockerd('trixie', 'docker-cli'), quick: true },
  dockerd('bookworm', 'docker.io'),
  containerd('trixie'),
  containerd('bookworm'),
  dockerRegistry('trixie'),
  { ...etcd('trixie'), quick: true },
  etcd('bookworm'),
  gobgpd('trixie'),
  jaeger(),
  prometheus('trixie'),
  prometheus('bookworm'),
  nodeExporter('trixie'),
  nodeExporter('bookworm'),
  pushgateway('trixie'),
  victoriaMetrics('trixie'),
  { ...caddy('trixie-backports'), quick: true },
  caddy('trixie'),
  caddy('bookworm'),
  ntfy('trixie'),
  { ...resticServer('trixie'), quick: true },
  nats('module'),
  nats('trixie'),
  nats('bookworm'),
];
