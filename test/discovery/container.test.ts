import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { containerIdentity, containerIdOfMounts, parseCgroup } from '../../src/discovery/container.ts';

const id = 'c0ffee'.padEnd(64, '0123456789abcdef');
const uid = '8d9e1b2c-0f1a-4b3c-9d8e-7f6a5b4c3d2e';
const underscored = uid.replaceAll('-', '_');

test('ids in the cgroup paths of each runtime', () => {
  const rows: readonly [name: string, text: string, expected: ReturnType<typeof parseCgroup>][] = [
    ['docker, v1', `12:pids:/docker/${id}\n1:name=systemd:/docker/${id}\n`, { containerId: id, podUid: undefined }],
    ['docker, v2 systemd', `0::/system.slice/docker-${id}.scope\n`, { containerId: id, podUid: undefined }],
    ['docker beside us', `0::/../${id}\n`, { containerId: id, podUid: undefined }],
    [
      'containerd, Kubernetes',
      `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${underscored}.slice/cri-containerd-${id}.scope\n`,
      { containerId: id, podUid: uid },
    ],
    ['cgroupfs, Kubernetes', `4:memory:/kubepods/besteffort/pod${uid}/${id}\n`, { containerId: id, podUid: uid }],
    ['podman', `0::/machine.slice/libpod-${id}.scope/container\n`, { containerId: id, podUid: undefined }],
    ['crio', `0::/kubepods.slice/crio-${id}.scope\n`, { containerId: id, podUid: undefined }],
    ['none', '0::/user.slice/user-0.slice/session-1.scope\n', { containerId: undefined, podUid: undefined }],
    ['32 digits are no container', `4:memory:/api/${id.slice(0, 32)}\n`, { containerId: undefined, podUid: undefined }],
    ['private namespace', '0::/\n', { containerId: undefined, podUid: undefined }],
    ['empty', '', { containerId: undefined, podUid: undefined }],
  ];
  for (const [name, text, expected] of rows) assert.deepEqual(parseCgroup(text), expected, name);
});

test("ids in the mounts, but not that of the pod's sandbox", () => {
  const other = 'ab'.repeat(32);
  const mount = (root: string, point: string) => `36 35 98:0 ${root} ${point} rw,relatime - ext4 /dev/vda rw`;
  assert.equal(containerIdOfMounts(mount(`/var/lib/docker/containers/${id}/hostname`, '/etc/hostname')), id);
  assert.equal(
    containerIdOfMounts(mount(`/containers/storage/overlay-containers/${id}/userdata/hosts`, '/etc/hosts')),
    id,
  );
  const sandbox = mount(`/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${other}/hostname`, '/etc/hostname');
  assert.equal(containerIdOfMounts(sandbox), undefined);
  assert.equal(containerIdOfMounts(mount(`/var/lib/docker/containers/${other}/x`, '/data')), undefined);
});

test('any text gives an id of 64 hex digits or none', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.match(parseCgroup(text).containerId ?? id, /^[0-9a-f]{64}$/);
      assert.match(containerIdOfMounts(text) ?? id, /^[0-9a-f]{64}$/);
    }),
  );
});

test('our own process has an answer, one that ended has its reason', () => {
  assert.equal(containerIdentity(process.pid).absence, undefined);
  assert.deepEqual(containerIdentity(2 ** 22 + 1), { absence: 'gone' });
});
