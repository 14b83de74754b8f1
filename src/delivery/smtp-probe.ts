/**
 * A question to a server: would it take mail for this recipient? MAIL, RCPT and RSET in one go, and no
 * message.
 */
import type { MailParameters } from '../mail/envelope.ts';
import { formatReply, type Reply } from '../mail/reply.ts';
import type { ProbeResult } from '../recipients/probe.ts';
import { writeEnvelope } from '../wire/smtp/client-envelope.ts';
import { createTransaction } from '../wire/smtp/client-transaction.ts';
import { clientWords } from '../wire/smtp/client-words.ts';
import type { SmtpConnection } from './smtp-connection.ts';
import type { Content } from './smtp-content.ts';
import type { SmtpHop } from './smtp-hop.ts';
import { type LineParts, SmtpLines } from './smtp-lines.ts';

/** Never rejects. `reversePath`: '' is the null reverse-path. `timeout`: for the whole of it, ms. */
export async function probeSmtp(
  hop: SmtpHop,
  parts: LineParts,
  reversePath: string,
  forwardPath: string,
  timeout: number,
): Promise<ProbeResult> {
  const signal = AbortSignal.timeout(timeout);
  const lines = new SmtpLines(hop, null, parts);
  for (;;) {
    const line = await lines.next(signal);
    if (line.kind === 'nowhere')
      return signal.aborted
        ? { kind: 'silent', detail: `no answer within ${timeout} ms` }
        : silent(line.reply);
    const { result, broke } = await enquire(hop, line.connection, reversePath, forwardPath, signal);
    if (broke) lines.broke(broke);
    else {
      lines.giveBack(line.connection);
      return result;
    }
  }
}

async function enquire(
  { protocol }: SmtpHop,
  connection: SmtpConnection,
  reversePath: string,
  forwardPath: string,
  signal: AbortSignal,
): Promise<{ result: ProbeResult; broke: Reply | null }> {
  const { offer } = connection;
  const sender: MailParameters = { ...nobody, reversePath };
  const recipients = [{ forwardPath, notify: null, orcpt: null }];
  const envelope = writeEnvelope({ sender, recipients, size: null }, offer, null);
  if ('code' in envelope) return { result: silent(envelope), broke: null };
  const needsReset = connection.mustReset;
  const terms = { envelope, offer, protocol, needsReset, isEnquiry: true };
  const enquiry = createTransaction(terms);
  const [rcpt] = envelope.rcpt;
  if (typeof rcpt !== 'string') return { result: silent(rcpt ?? nothing), broke: null };
  await connection.transact(enquiry, noContent, signal);
  const reply = enquiry.sent[0]?.reply ?? nothing;
  if (enquiry.sent[0]?.kind === 'lost') return { result: silent(reply), broke: reply };
  const result = enquiry.mailRefusal ? silent(enquiry.mailRefusal) : answered(reply);
  return { result, broke: null };
}

const nobody = { body: '7bit', smtpUtf8: false, ret: null, envid: null } as const;
const noContent: Content = { size: 0, pieces: () => [] };
const nothing = clientWords.noAnswer;

function silent(reply: Reply): ProbeResult {
  return { kind: 'silent', detail: formatReply(reply) };
}

function answered(reply: Reply): ProbeResult {
  return { kind: 'answered', reply };
}
