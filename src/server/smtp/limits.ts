/**
 * How much a client may ask of us. Octets, and times in ms.
 *
 * RFC 5321 §4.5.3.1 (sizes), §4.5.3.2.7 (a server waits five minutes at least), §7.8 (resistance to
 * attacks). Clients of our own networks are spared the limits that count clients.
 */
export interface SmtpLimits {
  /** Connections of all SMTP listeners. */
  readonly connections: number;
  readonly connectionsPerClient: number;
  /** New connections of one client within ten minutes. */
  readonly arrivalsPerClient: number;
  readonly messageSize: number;
  readonly headerSize: number;
  readonly recipients: number;
  readonly messagesPerSession: number;
  readonly errorsPerSession: number;
  /** Recipients that do not exist: then the session ends with 421. */
  readonly unknownPerSession: number;
  /** Of one client within ten minutes: then its refusals come slowly. */
  readonly unknownPerClient: number;
  /** How long a slow refusal takes. */
  readonly slowReply: number;
  readonly failedLoginsPerClient: number;
  /** In memory, of all messages on their way in: then no other is begun. */
  readonly bytesInFlight: number;
  /** Without a word from the client. */
  readonly idle: number;
  readonly session: number;
  readonly handshake: number;
  /** Octets per second that content must come with, on average, after the idle time is over. */
  readonly minimumRate: number;
}

export const defaultSmtpLimits: SmtpLimits = {
  connections: 10_000,
  connectionsPerClient: 50,
  arrivalsPerClient: 5_000,
  messageSize: 50_000_000,
  headerSize: 262_144,
  recipients: 1_000,
  messagesPerSession: 1_000,
  errorsPerSession: 20,
  unknownPerSession: 100,
  unknownPerClient: 500,
  slowReply: 2_000,
  failedLoginsPerClient: 20,
  bytesInFlight: 256_000_000,
  idle: 300_000,
  session: 4 * 3_600_000,
  handshake: 30_000,
  minimumRate: 1_000,
};
