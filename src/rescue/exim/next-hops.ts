/**
 * Where Exim would send, by its own routers: `exim -bt`, which changes nothing and sends nothing.
 *
 * Addresses are given as input, not as arguments, and only such as stay one line of it.
 */
import { type Drivers, parseAddressTests, parseDrivers } from '../../foreign/exim/address-test.ts';
import type { EximProgram } from '../../machine/exim.ts';
import { type NextHop, unresolved } from '../../mail/envelope.ts';

/** Addresses for one process, which looks one after the other up in DNS. */
const batchSize = 50;
const processes = 4;
/** ms in which those that Exim takes too long over are told from the others. */
const patience = 300_000;

export async function askNextHops(
  program: EximProgram,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, NextHop>> {
  const [routers, transports] = await Promise.all([
    driversOf(program, 'routers'),
    driversOf(program, 'transports'),
  ]);
  const asked = [...new Set(addresses)].filter(isOneLine);
  const nextHops = new Map<string, NextHop>();
  const end = performance.now() + patience;
  let next = 0;
  async function ask(batch: readonly string[]): Promise<void> {
    const input = batch.map((address) => `<${address}>\n`).join('');
    const { status, stdout } = await program.run(['-bt'], Buffer.from(input).toString('latin1'));
    // Killed, as it took too long over one of them: neither are the others hidden by that, which the
    // admin may route, nor is it condemned without the word of the server.
    if (status === null) {
      if (batch.length === 1 || performance.now() > end)
        for (const address of batch) nextHops.set(address, unresolved);
      else for (const half of halvesOf(batch)) await ask(half);
      return;
    }
    const found = parseAddressTests(stdout, batch.length, routers, transports);
    for (const [index, address] of batch.entries()) {
      const nextHop = found[index];
      if (nextHop) nextHops.set(address, nextHop);
    }
  }
  async function work(): Promise<void> {
    while (next < asked.length) {
      const batch = asked.slice(next, next + batchSize);
      next += batchSize;
      await ask(batch);
    }
  }
  await Promise.all(Array.from({ length: processes }, work));
  return nextHops;
}

function halvesOf(batch: readonly string[]): readonly (readonly string[])[] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}

async function driversOf(program: EximProgram, kind: 'routers' | 'transports'): Promise<Drivers> {
  return parseDrivers((await program.run(['-bP', kind])).stdout);
}

/** Exim joins a line that ends in a backslash with the next, and cuts long ones. */
function isOneLine(address: string): boolean {
  return address.length <= 1000 && !/[\u0000-\u001f\u007f<>]|\\$/.test(address);
}
