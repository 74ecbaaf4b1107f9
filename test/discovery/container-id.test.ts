import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { containerIdOfCgroup, containerIdOfMounts } from '../../src/discovery/container-id.ts';
import fc from '../support/fast-check.ts';

const id = '38ad4a2b8a04ba81a7bd1fd9eb7d9c1c1c7bbd1e3a8d0a63c6c7b9a7a5e9f0d1';
const pod = 'pod0a1b2c3d-0000-1111-2222-333344445555';

test('control groups', () => {
  for (const text of [
    `12:pids:/docker/${id}\n0::/system.slice/containerd.service\n`,
    `0::/system.slice/docker-${id}.scope\n`,
    `0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-${pod.replaceAll('-', '_')}.slice/cri-containerd-${id}.scope\n`,
    `11:memory:/kubepods/besteffort/${pod}/${id}\n`,
    `0::/kubepods.slice/crio-${id}.scope/container\n`,
    `0::/machine.slice/libpod-${id}.scope\n`,
    `0::/../${id}\n`,
    `0::/docker/${'f'.repeat(64)}/docker/${id}\n`,
  ]) {
    assert.equal(containerIdOfCgroup(text), id, text);
  }
  const ecs = '447438d0a7e24a2a9c8f2b8b1a0c9d8e-1234567890';
  assert.equal(containerIdOfCgroup(`9:cpu:/ecs/task/${ecs}\n`), ecs);
});

test('no container', () => {
  for (const text of [
    '',
    '0::/\n',
    '0::/user.slice/user-1000.slice/session-2.scope\n',
    `0::/machine.slice/crio-conmon-${id}.scope\n`,
    `0::/x/${id.slice(1)}\n`,
    `0::/x/${id.toUpperCase()}\n`,
  ]) {
    assert.equal(containerIdOfCgroup(text), undefined, text);
  }
});

test('mounts', () => {
  const line = (root: string, point: string) => `1012 1001 254:1 ${root} ${point} rw,relatime - ext4 /dev/vda1 rw\n`;
  assert.equal(containerIdOfMounts(line(`/var/lib/docker/containers/${id}/hostname`, '/etc/hostname')), id);
  assert.equal(
    containerIdOfMounts(line(`/containers/storage/overlay-containers/${id}/userdata/hosts`, '/etc/hosts')),
    id,
  );
  // The pod's sandbox is not the container.
  const sandbox = `/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${id}/hostname`;
  assert.equal(containerIdOfMounts(line(sandbox, '/etc/hostname')), undefined);
  assert.equal(containerIdOfMounts(line(`/docker/containers/${id}/hostname`, '/data')), undefined);
});

test("this process's own files, and any text, are read without a fault", () => {
  for (const file of ['/proc/self/cgroup', '/proc/self/mountinfo']) {
    const text = readFileSync(file, 'utf8');
    for (const found of [containerIdOfCgroup(text), containerIdOfMounts(text)]) {
      assert.ok(found === undefined || /^[0-9a-f]{32,64}(-\d+)?$/.test(found));
    }
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      for (const found of [containerIdOfCgroup(text), containerIdOfMounts(text)]) {
        assert.ok(found === undefined || text.includes(found));
      }
    }),
  );
});
