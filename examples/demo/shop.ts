import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DemoError, logTail, needFreeAddress, type Program, startProgram } from './processes.ts';

/** What a program of the shop says of itself at /debug/counts. */
export interface ShopCounts {
  readonly pid: number;
  /** By route and HTTP status. */
  readonly requests: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By gRPC method and status. */
  readonly calls: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By symbol. */
  readonly functions: Readonly<Record<string, number>>;
}

export interface Service {
  readonly name: 'gateway' | 'inventory';
  readonly program: Program;
  readonly executable: string;
  counts(): Promise<ShopCounts>;
}

export interface Shop {
  readonly services: readonly [gateway: Service, inventory: Service];
  readonly origin: string;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');
const folder = join(root, '.cache', 'shop');
const startTimeoutMs = 10_000;
const graceMs = 5000;

/** Pattern for the executables of the shop. */
export const shopExecutables = join(folder, '*');

/** @throws DemoError when a port is taken or a program doesn't come up. */
export async function startShop(env: NodeJS.ProcessEnv): Promise<Shop> {
  const gatewayAddress = env['GATEWAY_LISTEN'] || '127.0.0.1:4390';
  const inventoryAddress = env['INVENTORY_LISTEN'] || '127.0.0.1:4391';
  const debugAddress = env['INVENTORY_DEBUG'] || '127.0.0.1:4392';
  await needFreeAddress(gatewayAddress, "the shop's gateway", 'GATEWAY_LISTEN=127.0.0.1:PORT');
  await needFreeAddress(inventoryAddress, "the shop's inventory", 'INVENTORY_LISTEN=127.0.0.1:PORT');
  await needFreeAddress(debugAddress, "the inventory's counts", 'INVENTORY_DEBUG=127.0.0.1:PORT');

  const started: Service[] = [];
  const stop = async () => {
    await Promise.all(started.map((service) => service.program.stop(graceMs)));
  };
  try {
    const inventory = await startService('inventory', debugAddress, {
      INVENTORY_LISTEN: inventoryAddress,
      INVENTORY_DEBUG: debugAddress,
    });
    started.push(inventory);
    const gateway = await startService('gateway', gatewayAddress, {
      GATEWAY_LISTEN: gatewayAddress,
      INVENTORY_ADDRESS: inventoryAddress,
    });
    started.push(gateway);
    return { services: [gateway, inventory], origin: `http://${gatewayAddress}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startService(
  name: Service['name'],
  countsAddress: string,
  env: Readonly<Record<string, string>>,
): Promise<Service> {
  const logs = join(root, '.cache', 'demo');
  await mkdir(logs, { recursive: true });
  const executable = join(folder, name);
  const log = join(logs, `${name}.log`);
  // Their names in traces. Without it they would be named after their executable or module.
  const program = await startProgram(executable, [], { env: { ...env, OTEL_SERVICE_NAME: name }, log });
  const counts = async (): Promise<ShopCounts> => {
    const response = await fetch(`http://${countsAddress}/debug/counts`, { signal: AbortSignal.timeout(5000) });
    return (await response.json()) as ShopCounts;
  };
  let ended = false;
  program.ended.then(() => {
    ended = true;
  });
  const giveUp = performance.now() + startTimeoutMs;
  for (;;) {
    if (ended) throw new DemoError(`the shop's ${name} has ended:\n${logTail(log)}`);
    try {
      await counts();
      return { name, program, executable, counts };
    } catch {
      if (performance.now() > giveUp) {
        await program.stop(graceMs);
        throw new DemoError(`the shop's ${name} doesn't answer at ${countsAddress}:\n${logTail(log)}`);
      }
    }
    await sleep(50);
  }
}
