/**
 * The library that knows SPF, DKIM and DMARC, behind one door.
 *
 * Loaded when the first message needs it: it takes 130 ms and 35 MB, which a server that takes no mail
 * itself should not pay.
 */
import type * as dkim from 'mailauth/lib/dkim/verify.js';
import type * as dmarc from 'mailauth/lib/dmarc/verify.js';
import type * as spf from 'mailauth/lib/spf/index.js';
import type * as tools from 'mailauth/lib/tools.js';

export interface Mailauth {
  readonly spf: typeof spf.spf;
  readonly dkimVerify: typeof dkim.dkimVerify;
  readonly evaluateDmarc: typeof dmarc.evaluateDmarc;
  readonly getAlignment: typeof tools.getAlignment;
}

let loading: Promise<Mailauth> | null = null;

export function loadMailauth(): Promise<Mailauth> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Mailauth> {
  const [{ spf }, { dkimVerify }, { evaluateDmarc }, { getAlignment }] = await Promise.all([
    import('mailauth/lib/spf/index.js'),
    import('mailauth/lib/dkim/verify.js'),
    import('mailauth/lib/dmarc/verify.js'),
    import('mailauth/lib/tools.js'),
  ]);
  return { spf, dkimVerify, evaluateDmarc, getAlignment };
}
