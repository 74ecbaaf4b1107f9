import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuildInfo } from '../../src/binary/go-binary.ts';
import { type AgentFacts, agentResource, type ProcessFacts, processResource } from '../../src/telemetry/resource.ts';

const build: BuildInfo = {
  goVersion: 'go1.26.8',
  path: 'github.com/acme/shop/cmd/gateway',
  module: { path: 'github.com/acme/shop', version: '(devel)' },
  dependencies: [],
  settings: new Map([
    ['vcs.revision', '0a1b2c3d4e5f'],
    ['vcs.modified', 'false'],
  ]),
};
const facts: ProcessFacts = { pid: 4711, startTicks: 123456, exePath: '/srv/bin/app', build, hostName: 'node-3' };
const agent: AgentFacts = { version: '0.1.0' };
const env = (values: Record<string, string>) => new Map(Object.entries(values));
const attributesOf = (process: ProcessFacts, of: AgentFacts = agent) => processResource(process, of).attributes;
const serviceName = (process: ProcessFacts, of: AgentFacts = agent) => attributesOf(process, of)['service.name'];

test('a process that says nothing about itself', () => {
  const { 'service.instance.id': instance, ...rest } = attributesOf(facts);
  assert.match(String(instance), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(rest, {
    'service.name': 'gateway',
    'service.version': '0a1b2c3d4e5f',
    'process.pid': 4711,
    'process.executable.name': 'app',
    'process.executable.path': '/srv/bin/app',
    'process.runtime.name': 'go',
    'process.runtime.version': 'go1.26.8',
    'host.name': 'node-3',
    'telemetry.sdk.language': 'go',
    'telemetry.sdk.name': 'sidespan',
    'telemetry.sdk.version': '0.1.0',
    'telemetry.distro.name': 'sidespan',
    'telemetry.distro.version': '0.1.0',
  });
});

test('service.name: agent, then the process, then its attributes, then its program', () => {
  const own = env({ OTEL_SERVICE_NAME: 'from-name', OTEL_RESOURCE_ATTRIBUTES: 'service.name=from-attributes' });
  assert.equal(serviceName({ ...facts, environment: own }, { ...agent, serviceName: 'from-agent' }), 'from-agent');
  assert.equal(serviceName({ ...facts, environment: own }), 'from-name');
  const attributes = env({ OTEL_SERVICE_NAME: '', OTEL_RESOURCE_ATTRIBUTES: 'service.name=from-attributes' });
  assert.equal(serviceName({ ...facts, environment: attributes }), 'from-attributes');
  const bare = { ...build, path: 'command-line-arguments', module: { path: '', version: '' } };
  assert.equal(serviceName({ ...facts, build: bare }), 'app');
  assert.equal(serviceName({ ...facts, build: { ...build, path: 'example.com/tool/v2' } }), 'tool');
  assert.equal(serviceName({ ...facts, build: undefined }), 'app');
  assert.equal(serviceName({ ...facts, build: undefined, exePath: '' }), 'unknown_service:go');
});

test('service.version: a released module, else the commit, else nothing', () => {
  const version = (changes: Partial<BuildInfo>) =>
    attributesOf({ ...facts, build: { ...build, ...changes } })['service.version'];
  assert.equal(version({ module: { path: 'm', version: 'v1.2.3' } }), 'v1.2.3');
  assert.equal(
    version({
      settings: new Map([
        ['vcs.revision', 'abc'],
        ['vcs.modified', 'true'],
      ]),
    }),
    'abc+dirty',
  );
  assert.equal(version({ settings: new Map() }), undefined);
  assert.equal('service.version' in attributesOf({ ...facts, build: undefined }), false);
});

test('attributes: the agent’s win over the process’s, both over what was found', () => {
  const environment = env({
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod,team=a%2Cb,host.name=pod-1,service.version=7',
  });
  const resourceAttributes = env({
    'deployment.environment.name': 'staging',
    'service.instance.id': 'x',
    'service.name': 'y',
  });
  const attributes = attributesOf({ ...facts, environment }, { ...agent, resourceAttributes });
  assert.equal(attributes['deployment.environment.name'], 'staging');
  assert.equal(attributes.team, 'a,b');
  assert.equal(attributes['host.name'], 'pod-1');
  assert.equal(attributes['service.version'], '7');
  assert.notEqual(attributes['service.instance.id'], 'x', 'all processes would have the same id');
  assert.equal(attributes['service.name'], 'gateway');
});

test('a broken OTEL_RESOURCE_ATTRIBUTES counts as none', () => {
  for (const text of ['novalue', 'a=1,=2', 'a=%zz', 'a=1,b', `a=${'x'.repeat(200_000)}`]) {
    const environment = env({ OTEL_RESOURCE_ATTRIBUTES: text });
    assert.deepEqual(attributesOf({ ...facts, environment }), attributesOf(facts), text.slice(0, 20));
  }
});

test('the same process has the same instance id, a later one with its pid another', () => {
  const id = (process: ProcessFacts) => attributesOf(process)['service.instance.id'];
  assert.equal(id(facts), id({ ...facts, environment: env({ A: 'b' }) }));
  assert.notEqual(id(facts), id({ ...facts, startTicks: facts.startTicks + 1 }));
  assert.notEqual(id(facts), id({ ...facts, hostName: 'node-4' }));
});

test('arguments are left out unless asked for', () => {
  assert.equal('process.command_args' in attributesOf(facts), false);
  const commandLine = ['/srv/bin/app', '--port', '80'];
  assert.deepEqual(attributesOf({ ...facts, commandLine })['process.command_args'], commandLine);
});

test('the agent has a resource of its own', () => {
  const { attributes } = agentResource(agent, 99, 'node-3');
  assert.equal(attributes['service.name'], 'sidespan');
  assert.equal(attributes['process.pid'], 99);
  assert.equal(attributes['telemetry.sdk.language'], 'nodejs');
});

test('merge makes a new resource', () => {
  const merged = processResource(facts, agent).merge(agentResource(agent, 99, 'node-3'));
  assert.equal(merged.attributes['service.name'], 'sidespan');
  assert.equal(merged.attributes['process.executable.name'], 'app');
});
