/**
 * The lines of one message in the log of each server, without their time stamps.
 */
import type { Mta } from '../../src/foreign/queue-entry.ts';

export interface Letter {
  readonly kind: 'in' | 'out' | 'refused' | 'waits' | 'bounced' | 'flood';
  readonly number: number;
  readonly client: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly size: number;
  readonly pid: number;
}

/** In the order in which the server writes them. */
export function linesOf(mta: Mta, letter: Letter): string[] {
  return writers[mta](letter);
}

const writers: Readonly<Record<Mta, (letter: Letter) => string[]>> = {
  postfix(letter) {
    const { kind, number, client, from, to, size, pid } = letter;
    const host = `client-${number % 5000}.provider.example[${client}]`;
    const smtpd = `postfix/smtpd[${pid}]: `;
    const id = hex(number * 2);
    const notice = hex(number * 2 + 1);
    const connect = `${smtpd}connect from ${host}`;
    const end = (rcpt: number) =>
      `${smtpd}disconnect from ${host} ehlo=1 mail=1 rcpt=${rcpt} data=1 quit=1 commands=${rcpt + 4}`;
    if (kind === 'refused')
      return [
        connect,
        `${smtpd}NOQUEUE: reject: RCPT from ${host}: 550 5.1.1 <${to[0]}>: Recipient address rejected: User unknown in relay recipient table; from=<${from}> to=<${to[0]}> proto=ESMTP helo=<mail-${number % 5000}.provider.example>`,
        end(0),
      ];
    const took = [
      connect,
      `${smtpd}${id}: client=${host}`,
      `postfix/cleanup[${pid + 100}]: ${id}: message-id=<${number}.${size}@${from.split('@')[1]}>`,
      `postfix/qmgr[143]: ${id}: from=<${from}>, size=${size}, nrcpt=${to.length} (queue active)`,
      end(to.length),
    ];
    const sent = (recipient: string) =>
      `postfix/smtp[${pid + 200}]: ${id}: to=<${recipient}>, relay=mx.${recipient.split('@')[1]}[192.0.2.30]:25, delay=0.84, delays=0.02/0.02/0.3/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ${hex(number * 7)})`;
    const removed = `postfix/qmgr[143]: ${id}: removed`;
    if (kind === 'in' || kind === 'out') return [...took, ...to.map(sent), removed];
    if (kind === 'waits')
      return [
        ...took,
        `postfix/smtp[${pid + 200}]: ${id}: to=<${to[0]}>, relay=none, delay=30, delays=0.02/0.02/30/0, dsn=4.4.1, status=deferred (connect to mx.${to[0]?.split('@')[1]}[192.0.2.77]:25: Connection timed out)`,
        took[3] ?? '',
        ...to.map(sent),
        removed,
      ];
    return [
      ...took,
      ...to.map(
        (recipient) =>
          `postfix/smtp[${pid + 200}]: ${id}: to=<${recipient}>, relay=192.0.2.30[192.0.2.30]:25, conn_use=3, delay=0.04, delays=0.02/0.01/0.01/0, dsn=5.1.1, status=bounced (host 192.0.2.30[192.0.2.30] said: 550 5.1.1 No such mailbox here (in reply to RCPT TO command))`,
      ),
      `postfix/cleanup[${pid + 100}]: ${notice}: message-id=<20260905.${notice}@mx.host.example>`,
      `postfix/bounce[${pid + 300}]: ${id}: sender non-delivery notification: ${notice}`,
      `postfix/qmgr[143]: ${notice}: from=<>, size=${size + 2800}, nrcpt=1 (queue active)`,
      removed,
      kind === 'flood'
        ? `postfix/smtp[${pid + 200}]: ${notice}: to=<${from}>, relay=none, delay=0.45, delays=0/0.39/0.06/0, dsn=5.4.6, status=bounced (mail for seaton.biz loops back to myself)`
        : `postfix/smtp[${pid + 200}]: ${notice}: to=<${from}>, relay=mx.${from.split('@')[1]}[192.0.2.40]:25, delay=0.4, delays=0/0/0.2/0.2, dsn=2.0.0, status=sent (250 2.0.0 Taken)`,
      `postfix/qmgr[143]: ${notice}: removed`,
    ];
  },

  exim({ kind, number, client, from, to, size }) {
    const id = eximId(number * 2);
    const notice = eximId(number * 2 + 1);
    const host = `H=mail-${number % 5000}.provider.example [${client}]`;
    if (kind === 'refused') return [`${host} F=<${from}> rejected RCPT <${to[0]}>: Unknown user`];
    const took = `${id} <= ${from} ${host} P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no S=${size} id=${number}.${size}@${from.split('@')[1]}`;
    const sent = `${id} => ${to[0]} R=dnslookup T=remote_smtp H=mx.${to[0]?.split('@')[1]} [192.0.2.30] C="250 2.0.0 Ok: queued as ${hex(number * 7)}"`;
    const done = `${id} Completed`;
    if (kind === 'in' || kind === 'out') return [took, sent, done];
    if (kind === 'waits')
      return [
        took,
        `${id} == ${to[0]} R=dnslookup T=remote_smtp defer (110): Connection timed out`,
        sent,
        done,
      ];
    return [
      took,
      ...to.map(
        (recipient) =>
          `${id} ** ${recipient} R=routed T=remote H=192.0.2.30 [192.0.2.30]: SMTP error from remote mail server after RCPT TO:<${recipient}>: 550 5.1.1 No such mailbox here`,
      ),
      `${notice} <= <> R=${id} U=Debian-exim P=local S=${size + 2800}`,
      done,
      ...(kind === 'flood'
        ? [
            `${notice} ** ${from}: all relevant MX records point to non-existent hosts`,
            `${notice} Frozen (delivery error message)`,
          ]
        : [
            `${notice} => ${from} R=dnslookup T=remote_smtp H=mx.${from.split('@')[1]} [192.0.2.40] C="250 2.0.0 Taken"`,
            `${notice} Completed`,
          ]),
    ];
  },

  sendmail({ kind, number, client, from, to, size, pid }) {
    const id = sendmailId(number, pid);
    const notice = sendmailId(number, pid + 40);
    const head = `sm-mta[${pid}]: `;
    const relay = `mail-${number % 5000}.provider.example [${client}]`;
    const took = (recipients: number) =>
      `${head}${id}: from=<${from}>, size=${size}, class=0, nrcpts=${recipients}, msgid=<${number}.${size}@${from.split('@')[1]}>, proto=ESMTP, daemon=MTA-v4, relay=${relay}`;
    if (kind === 'refused')
      return [
        `${head}${id}: ruleset=check_rcpt, arg1=<${to[0]}>, relay=${relay}, reject=550 5.1.1 <${to[0]}>... User unknown`,
        took(0),
      ];
    const ended = (recipient: string, rest: string) =>
      `${head}${id}: to=<${recipient}>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=${size + 30_000}, relay=mx.${recipient.split('@')[1]}. [192.0.2.30], ${rest}`;
    const sent = to.map((one) =>
      ended(one, `dsn=2.0.0, stat=Sent (Ok: queued as ${hex(number * 7)})`),
    );
    if (kind === 'in' || kind === 'out') return [took(1), ...sent];
    if (kind === 'waits')
      return [
        took(1),
        ...to.map((one) => ended(one, 'dsn=4.0.0, stat=Deferred: Connection timed out')),
        ...sent,
      ];
    return [
      took(to.length),
      ...to.map((one) =>
        ended(one, 'dsn=5.1.1, reply=550 5.1.1 No such mailbox here, stat=User unknown'),
      ),
      `${head}${id}: ${notice}: DSN: User unknown`,
      kind === 'flood'
        ? `${head}${notice}: to=<${from}>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30000, relay=mail.seaton.biz. [127.0.0.1], dsn=5.3.5, stat=Local configuration error`
        : `${head}${notice}: to=<${from}>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30000, relay=mx.provider.example. [192.0.2.40], dsn=2.0.0, stat=Sent (Taken)`,
    ];
  },

  opensmtpd({ kind, number, client, from, to, size }) {
    const head = 'smtpd[25]: ';
    const session = (number * 4).toString(16).padStart(16, '6');
    const out = (number * 4 + 1).toString(16).padStart(16, '7');
    const own = (number * 4 + 2).toString(16).padStart(16, '8');
    const id = (number * 2).toString(16).padStart(8, '0');
    const notice = (number * 2 + 1).toString(16).padStart(8, '0');
    const connected = `${head}${session} smtp connected address=${client} host=mail-${number % 5000}.provider.example`;
    const disconnected = `${head}${session} smtp disconnected reason=quit`;
    if (kind === 'refused')
      return [
        connected,
        `${head}${session} smtp failed-command command="RCPT TO:<${to[0]}>" result="550 Invalid recipient: <${to[0]}>"`,
        disconnected,
      ];
    const delivery = (message: string, path: string, recipient: string, rest: string) =>
      `${head}${out} mta delivery evpid=${message}${'0'.repeat(7)}1 from=<${path}> to=<${recipient}> rcpt=<-> source="192.0.2.10" ${rest}`;
    const relay = 'relay="192.0.2.30 (mx.provider.example)" delay=1s';
    const took = [
      connected,
      `${head}${session} smtp message msgid=${id} size=${size} nrcpt=${to.length} proto=ESMTP`,
      ...to.map(
        (one, at) =>
          `${head}${session} smtp envelope evpid=${id}0000000${at} from=<${from}> to=<${one}>`,
      ),
      disconnected,
    ];
    const sent = to.map((one) =>
      delivery(id, from, one, `${relay} result="Ok" stat="250 2.0.0 Taken"`),
    );
    if (kind === 'in' || kind === 'out') return [...took, ...sent];
    if (kind === 'waits')
      return [
        ...took,
        ...to.map((one) =>
          delivery(
            id,
            from,
            one,
            `${relay} result="TempFail" stat="Network error on destination MXs"`,
          ),
        ),
        ...sent,
      ];
    return [
      ...took,
      ...to.map((one) =>
        delivery(id, from, one, `${relay} result="PermFail" stat="550 5.1.1 No such mailbox here"`),
      ),
      `${head}${own} smtp connected address=local host=mx.host.example`,
      `${head}${own} smtp message msgid=${notice} size=${size + 2800} nrcpt=1 proto=ESMTP`,
      `${head}${own} smtp envelope evpid=${notice}00000000 from=<> to=<${from}>`,
      `${head}${own} smtp disconnected reason=quit`,
      delivery(
        notice,
        '',
        from,
        `relay="192.0.2.40 (mx.good.example)" delay=1s result="Ok" stat="250 2.0.0 Taken"`,
      ),
    ];
  },
};

/** As short ids of Postfix: they come again after some time. */
function hex(number: number): string {
  return ((number * 0x9e3b1) % 0xfffffff).toString(16).toUpperCase().padStart(7, '0');
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function written(number: number, base: 60 | 62, length: number): string {
  let text = '';
  for (let rest = number; text.length < length; rest = Math.floor(rest / base))
    text = digits.charAt(rest % base) + text;
  return text;
}

function eximId(number: number): string {
  const [time, pid, part] = [
    written(number % 3600, 62, 2),
    written(number, 62, 6),
    written(number % 1000, 62, 2),
  ];
  return `1w5t${time}-${pid}-${part}`;
}

/** Its time begins anew for each connection, as that of a process does. */
function sendmailId(number: number, pid: number): string {
  const [time, place] = [written(number % 216_000, 60, 3), written((number * 7) % 3600, 60, 2)];
  return `685${time}${place}${String(pid).padStart(6, '0')}`;
}
