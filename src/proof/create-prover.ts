/**
 * Who is one of us needs no proof; everybody else is looked at.
 */
import { parseIp, unmapped } from '../mail/ip.ts';
import { noProof } from '../verdict/sender-proof.ts';
import { formatResults } from './authentication-results.ts';
import { loadMailauth } from './mailauth.ts';
import { startProof } from './proof-session.ts';
import type { Prover, ProverOptions } from './prover.ts';

export function createProver(options: ProverOptions): Prover {
  const { name, deadline = 8000 } = options;
  return {
    begin(sender) {
      const { login, trustedNetwork } = sender;
      if (login === null && !trustedNetwork) {
        const parsed = parseIp(sender.clientAddress);
        const address = parsed ? unmapped(parsed).text : null;
        return startProof({ ...options, deadline, sender, address });
      }
      const proof = { ...noProof, login, trustedNetwork };
      const findings = { ...proof, spfOf: 'mailfrom', signatures: [] } as const;
      const proved = { proof, results: formatResults(name, findings) };
      return { write: () => {}, end: () => Promise.resolve(proved), abort: () => {} };
    },
    async warmUp() {
      await loadMailauth();
    },
  };
}
