/**
 * The parts of mailauth that we load, as far as we use them. Its main module would load a dozen more,
 * with an HTTP client and an XML parser, of which nobody here has any use.
 */
declare module 'mailauth/lib/spf/index.js' {
  import type { SPFResult } from 'mailauth';

  export function spf(options: {
    readonly sender?: string;
    readonly ip: string;
    readonly helo?: string;
    readonly mta: string;
    readonly resolver: (name: string, type: string) => Promise<readonly unknown[]>;
    /** ms for all of it. */
    readonly maxElapsedTime: number;
  }): Promise<SPFResult>;
}

declare module 'mailauth/lib/dmarc/verify.js' {
  import type { DMARCResult } from 'mailauth';

  export function evaluateDmarc(options: {
    /** Addresses of the From fields. */
    readonly headerFrom: readonly string[];
    readonly fromFields: number;
    readonly spfDomains: readonly string[];
    readonly dkimDomains: readonly { readonly domain: string; readonly underSized?: number }[];
    readonly resolver: (name: string, type: string) => Promise<readonly unknown[]>;
  }): Promise<
    | { readonly response: DMARCResult }
    /** There is not exactly one author domain. */
    | { readonly response: false; readonly reason: string; readonly authorDomains: string[] }
  >;
}

declare module 'mailauth/lib/tools.js' {
  /** Whether two domains belong to the same organisation by the public suffix list: the second, or false. */
  export function getAlignment(
    domain: string,
    others: readonly string[],
  ): { readonly domain: string } | false;
}
