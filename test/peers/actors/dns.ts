/** The DNS server of the world. */
import {
  type DnsServerOptions,
  startDnsServer,
  type ZoneData,
} from '../../../src/replay/dns-server.ts';

export async function start(options: DnsServerOptions) {
  const server = await startDnsServer(options);
  return {
    setRecords: (records: ZoneData) => server.setRecords(records),
    queryCount: () => server.queryCount,
  };
}
