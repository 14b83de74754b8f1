/**
 * Events as flat data, for another thread: numbers in one array, texts in another.
 */
import type { LogEvent } from '../../foreign/log-event.ts';
import type { FateOutcome } from '../../foreign/log-outcome.ts';
import { mtas } from '../../foreign/queue-entry.ts';
import type { Server } from './read-block.ts';

export interface EventBatch {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly texts: readonly string[];
}

const servers: readonly Server[] = [...mtas, 'spillway'];
const kinds = [
  'origin',
  'session',
  'connect',
  'taken',
  'envelope',
  'fate',
  'notice',
  'attempt',
  'end',
] as const;
const outcomes: readonly FateOutcome[] = [
  'delivered',
  'unknown',
  'failed',
  'deferred',
  'dropped',
  'expired',
  'returned',
];
const refusals = ['unknown', 'refused', 'deferred'] as const;
const absent = -1;
const untold = -2;

export class BatchWriter {
  private numbers = new Float64Array(4096);
  private length = 0;
  private texts: string[] = [];
  private places = new Map<string, number>();

  write(at: number, host: string, server: Server, event: LogEvent): void {
    const paths = event.kind === 'fate' ? event.forwardPaths.length : 0;
    this.makeRoom(24 + paths);
    this.put(at);
    this.name(host);
    this.put(servers.indexOf(server));
    this.put(kinds.indexOf(event.kind));
    this.name(event.id);
    switch (event.kind) {
      case 'origin':
        this.text(event.client);
        this.put(event.connection ?? absent);
        this.name(event.before);
        break;
      case 'session':
        this.text(event.client);
        this.put(Number(event.isInner));
        break;
      case 'connect':
        this.put(event.connection);
        break;
      case 'taken':
        if (event.client === undefined) this.put(untold);
        else this.text(event.client);
        this.put(event.connection ?? absent);
        this.name(event.session);
        this.text(event.reversePath);
        this.put(event.bytes);
        this.put(event.recipients ?? absent);
        this.name(event.about);
        break;
      case 'envelope':
        this.name(event.session);
        this.text(event.reversePath);
        this.text(event.forwardPath);
        break;
      case 'fate':
        this.put(paths);
        for (const path of event.forwardPaths) this.text(path);
        this.put(outcomes.indexOf(event.outcome));
        this.name(event.nextHop);
        this.text(event.peer);
        this.put(Number(event.isInner));
        this.name(event.session);
        this.put(event.answer === null ? absent : event.answer >>> 0);
        this.put(Number(event.isMore));
        this.name(event.child);
        break;
      case 'notice':
        this.name(event.child);
        break;
      case 'attempt':
        this.text(event.client);
        this.put(event.connection ?? absent);
        this.name(event.session);
        this.text(event.reversePath);
        this.text(event.forwardPath);
        this.put(refusals.indexOf(event.outcome));
        break;
      case 'end':
        break;
    }
  }

  /** What was written since the last time. */
  take(): EventBatch {
    const batch = { numbers: this.numbers.slice(0, this.length), texts: this.texts };
    this.length = 0;
    this.texts = [];
    this.places = new Map();
    return batch;
  }

  private put(value: number): void {
    this.numbers[this.length++] = value;
  }

  private text(value: string | null): void {
    this.put(value === null ? absent : this.texts.push(value) - 1);
  }

  /** A text that comes again soon: a name of a message, a host. */
  private name(value: string | null): void {
    if (value === null) {
      this.put(absent);
      return;
    }
    let place = this.places.get(value);
    if (place === undefined) {
      place = this.texts.length;
      this.texts.push(value);
      this.places.set(value, place);
    }
    this.put(place);
  }

  private makeRoom(more: number): void {
    if (this.length + more <= this.numbers.length) return;
    const larger = new Float64Array(Math.max(this.numbers.length * 2, this.length + more));
    larger.set(this.numbers);
    this.numbers = larger;
  }
}

export class BatchReader {
  private readonly batch: EventBatch;
  private place = 0;
  host = '';
  server: Server = 'postfix';

  constructor(batch: EventBatch) {
    this.batch = batch;
  }

  /** When the next event happened, ms since 1970; null: there is none. */
  get at(): number | null {
    return this.batch.numbers[this.place] ?? null;
  }

  /** The next event; `host` and `server` tell whose it is. */
  read(): LogEvent {
    this.place++;
    this.host = this.text() ?? '';
    this.server = servers[this.number()] ?? 'postfix';
    const kind = kinds[this.number()];
    const id = this.text();
    switch (kind) {
      case 'origin':
        return {
          kind,
          id: id ?? '',
          client: this.text(),
          connection: this.count(),
          before: this.text(),
        };
      case 'session':
        return { kind, id: id ?? '', client: this.text(), isInner: this.number() === 1 };
      case 'connect':
        return { kind, id: null, connection: this.number() };
      case 'taken':
        return {
          kind,
          id: id ?? '',
          client: this.batch.numbers[this.place] === untold ? this.skip() : this.text(),
          connection: this.count(),
          session: this.text(),
          reversePath: this.text(),
          bytes: this.number(),
          recipients: this.count(),
          about: this.text(),
        };
      case 'envelope':
        return {
          kind,
          id: id ?? '',
          session: this.text() ?? '',
          reversePath: this.text() ?? '',
          forwardPath: this.text() ?? '',
        };
      case 'fate':
        return {
          kind,
          id: id ?? '',
          forwardPaths: this.paths(),
          outcome: outcomes[this.number()] ?? 'failed',
          nextHop: this.text(),
          peer: this.text(),
          isInner: this.number() === 1,
          session: this.text(),
          answer: this.hash(),
          isMore: this.number() === 1,
          child: this.text(),
        };
      case 'notice':
        return { kind, id: id ?? '', child: this.text() ?? '' };
      case 'attempt':
        return {
          kind,
          id,
          client: this.text(),
          connection: this.count(),
          session: this.text(),
          reversePath: this.text(),
          forwardPath: this.text(),
          outcome: refusals[this.number()] ?? 'refused',
        };
      default:
        return { kind: 'end', id: id ?? '' };
    }
  }

  private number(): number {
    return this.batch.numbers[this.place++] ?? 0;
  }

  private text(): string | null {
    const place = this.number();
    return place < 0 ? null : (this.batch.texts[place] ?? '');
  }

  private count(): number | null {
    const value = this.number();
    return value === absent ? null : value;
  }

  private hash(): number | null {
    const value = this.number();
    return value === absent ? null : value | 0;
  }

  private paths(): string[] {
    const length = this.number();
    // Nearly always.
    if (length === 1) return [this.text() ?? ''];
    const paths: string[] = [];
    while (paths.length < length) paths.push(this.text() ?? '');
    return paths;
  }

  private skip(): undefined {
    this.place++;
  }
}
