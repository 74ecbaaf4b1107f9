import type { Program } from './program.ts';
import { caddy, containerd, dockerd, etcd, nodeExporter, prometheus } from './servers.ts';

export const programs: readonly Program[] = [
  { ...dockerd('trixie', 'docker-cli'), quick: true },
  dockerd('bookworm', 'docker.io'),
  containerd('trixie'),
  containerd('bookworm'),
  { ...etcd('trixie'), quick: true },
  etcd('bookworm'),
  prometheus('trixie'),
  prometheus('bookworm'),
  { ...caddy('trixie-backports'), quick: true },
  caddy('trixie'),
  caddy('bookworm'),
  nodeExporter('trixie'),
  nodeExporter('bookworm'),
];
