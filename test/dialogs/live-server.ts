/**
 * The server of a dialog as it is: sockets, TLS, judge, directory and store; DNS and delivery are played.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { parseIp, parseNetwork } from '../../src/mail/ip.ts';
import { defaultSmtpLimits } from '../../src/server/smtp/limits.ts';
import type { Logins } from '../../src/server/smtp/logins.ts';
import type { DomainFacts, HostFacts } from '../../src/verdict/route-facts.ts';
import { certificate } from '../delivery/certificate.ts';
import { startTestServer, type TestConfig, type TestServer } from '../smtp/server.ts';
import type { Partner } from './play.ts';
import type { Setting } from './setting.ts';

function host(...addresses: readonly string[]): HostFacts {
  const known = addresses.flatMap((text) => parseIp(text) ?? []);
  return { addresses: known, alias: null, failure: null, truncated: false };
}

const dns: Readonly<{ [domain: string]: DomainFacts }> = {
  'nullmx.example': {
    kind: 'mx',
    mx: [{ preference: 0, name: '', host: null }],
    truncated: false,
  },
  'blackhole.example': {
    kind: 'mx',
    mx: [{ preference: 10, name: 'mx.blackhole.example', host: host('127.0.0.1') }],
    truncated: false,
  },
  'nodomain.example': { kind: 'nxdomain' },
  'nomail.example': { kind: 'implicit', host: host() },
  'malformed.example': {
    kind: 'mx',
    mx: [{ preference: 10, name: '192.0.2.1', host: null }],
    truncated: false,
  },
  'unknown.example': { kind: 'failed', detail: 'timeout' },
};

const logins: Logins = {
  verify: async (user, password) =>
    user === 'ann' && password === 'secret' ? 'granted' : 'denied',
};

function configOf({ listener, tls, limits, isProxy }: Setting, isSilent: boolean): TestConfig {
  const proxies = parseNetwork('127.0.0.1');
  return {
    kind: listener,
    implicitTls: tls === 'begins',
    requiresTls: tls === 'demanded',
    certificate: tls === 'none' ? null : createSecureContext(certificate),
    logins: listener === 'submission' ? logins : null,
    xclientNetworks: isProxy && proxies ? [proxies] : [],
    mailboxes: ['ann', 'bob', 'postmaster'],
    dns,
    limits: {
      recipients: limits.recipients,
      messagesPerSession: limits.messages,
      errorsPerSession: limits.errors,
      messageSize: limits.size,
      slowReply: 1,
      idle: isSilent ? 50 : defaultSmtpLimits.idle,
    },
    lookEvery: 20,
  };
}

export class LiveServer implements Partner {
  private readonly server: TestServer;
  private socket: Socket;
  private heard = '';
  private hasEnded = false;
  private wake: () => void = () => {};
  private closing: Promise<void> | null = null;

  /** `isSilent`: the client will be, and the server has little patience. */
  static async start(setting: Setting, isSilent: boolean): Promise<LiveServer> {
    const server = await startTestServer(configOf(setting, isSilent));
    const place = { host: server.host, port: server.port };
    const isEncrypted = setting.tls === 'begins';
    const socket = isEncrypted
      ? connectTls({ ...place, rejectUnauthorized: false })
      : connect(place);
    const live = new LiveServer(server, socket);
    await once(socket, isEncrypted ? 'secureConnect' : 'connect');
    return live;
  }

  private constructor(server: TestServer, socket: Socket) {
    this.server = server;
    this.socket = socket;
    this.listen(socket);
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  async line(): Promise<string | null> {
    for (;;) {
      const end = this.heard.indexOf('\r\n');
      if (end >= 0) {
        const line = this.heard.slice(0, end);
        this.heard = this.heard.slice(end + 2);
        return line;
      }
      if (this.hasEnded) {
        assert.equal(this.heard, '', 'half a line');
        return null;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async act(action: 'tls' | 'silence' | 'shutdown'): Promise<void> {
    if (action === 'shutdown') this.closing = this.server.listener.close();
    if (action !== 'tls') return;
    this.socket.removeAllListeners();
    const secured = connectTls({ socket: this.socket, rejectUnauthorized: false });
    this.socket = secured;
    this.listen(secured);
    await once(secured, 'secureConnect');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closing;
    await this.server[Symbol.asyncDispose]();
  }

  private listen(socket: Socket): void {
    const stop = () => {
      this.hasEnded = true;
      this.wake();
    };
    socket.on('data', (bytes) => {
      this.heard += bytes.toString('latin1');
      this.wake();
    });
    for (const event of ['end', 'close', 'error']) socket.on(event, stop);
  }
}
