/**
 * The senders of the world as a crowd: each connection to the mail server comes from another network, as those
 * of a botnet do.
 */
import { openMachine } from './machine.ts';
import { addresses, type Network } from './network.ts';
import { run } from './place.ts';

/** Networks of 256 addresses each, one of which sends. */
export const crowdSize = 16;

export interface Crowd extends AsyncDisposable {
  readonly clients: readonly string[];
}

/** It lasts until it is disposed of. */
export async function openCrowd(network: Network): Promise<Crowd> {
  const clients = Array.from({ length: crowdSize }, (_, at) => `198.18.${at + 1}.7`);
  const turns = clients.map((client, at) => `${at} : ${client}`).join(', ');
  await using stack = new AsyncDisposableStack();
  // Only for its nft.
  const tools = stack.use(await openMachine('tools', { network, side: 'world' }));
  const rules = `table ip crowd {
  chain out {
    type nat hook postrouting priority 100;
    ip daddr ${addresses.server.v4} tcp dport 25 snat to numgen inc mod ${crowdSize} map { ${turns} }
  }
}
`;
  await run(tools.place, ['nft', '-f', '-'], { input: rules });
  await run(network.server, ['ip', 'route', 'add', '198.18.0.0/15', 'via', addresses.sender.v4]);
  const kept = stack.move();
  return { clients, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
