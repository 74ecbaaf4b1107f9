import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTargetEnvironment, targetEnvironment } from '../../src/discovery/environment.ts';
import { goTarget } from '../support/go-target.ts';
import { startUntilLine } from '../support/running.ts';

test("a process's own OTEL_* variables, and nothing else of its environment", async (context) => {
  const env = {
    OTEL_SERVICE_NAME: 'cart',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod%2Feu,service.name=ignored',
    PASSWORD: 'secret',
    OTEL_EMPTY: ' ',
  };
  const server = await startUntilLine(context, await goTarget('httpserver'), ['-port', '0'], { env });
  const { value } = targetEnvironment(server.pid);
  assert.equal(value?.serviceName, 'cart');
  assert.deepEqual([...value.resourceAttributes], [['deployment.environment.name', 'prod/eu']]);
  assert.deepEqual([...value.variables.keys()], ['OTEL_SERVICE_NAME', 'OTEL_RESOURCE_ATTRIBUTES']);
});

test('the name from the attributes, malformed attributes, the first of two variables', () => {
  assert.equal(parseTargetEnvironment('OTEL_RESOURCE_ATTRIBUTES=service.name=a\0').serviceName, 'a');
  const broken = parseTargetEnvironment('OTEL_RESOURCE_ATTRIBUTES=a,b=1\0OTEL_SERVICE_NAME=x\0OTEL_SERVICE_NAME=y');
  assert.equal(broken.resourceAttributes.size, 0);
  assert.equal(broken.serviceName, 'x');
  assert.equal(parseTargetEnvironment('').serviceName, undefined);
});

test('an environment of a process that ended', () => {
  assert.deepEqual(targetEnvironment(2 ** 22 + 1), { absence: 'gone' });
});
