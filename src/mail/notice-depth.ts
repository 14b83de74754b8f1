/**
 * How many failure notices are wrapped in each other, told from the beginning of the body.
 *
 * RFC 3464 and RFC 6522: a notice is a multipart/report whose last part is the message that failed,
 * or its header. If that one is a multipart/report for a delivery status as well, a notice was
 * answered with a notice. A notice that a person forwards, as part of a multipart/mixed, is no sign.
 */
import { unfold } from './header.ts';

/** Octets of the body that are looked at, levels that are told apart, longest line in octets. */
const bodyLimit = 65_536;
const depthLimit = 3;
const lineLimit = 2000;

/** Parts that hold the message that failed: RFC 6522 §3 and RFC 6533 §6. */
const embedded =
  /^\s*(?:message\/(?:rfc822|global)|text\/rfc822-headers|message\/global-headers)\b/i;

/** The boundary of a delivery status notification; null where the Content-Type is of anything else. */
export function reportBoundary(contentType: string): string | null {
  if (!/^\s*multipart\/report\b/i.test(contentType)) return null;
  const type = parameter(contentType, 'report-type');
  if (type !== null && type.toLowerCase() !== 'delivery-status') return null;
  return parameter(contentType, 'boundary');
}

/** Pieces of the body in, depth out. Starts with the boundary of the outermost report. */
export class NoticeDepth {
  /** 1 for a notice, 2 for a notice about a notice, ... */
  depth = 1;
  private boundary: string;
  /** Where we are: in a part of no interest, in the header of a part, in the header of what failed. */
  private place: 'part' | 'partHeader' | 'innerHeader' = 'part';
  private contentType: string | null = null;
  private isContentType = false;
  private line = '';
  private seen = 0;

  constructor(boundary: string) {
    this.boundary = boundary;
  }

  add(piece: Buffer): void {
    const room = bodyLimit - this.seen;
    if (room <= 0 || this.depth >= depthLimit) return;
    this.seen += piece.length;
    const lines = piece.toString('latin1', 0, Math.min(piece.length, room)).split('\n');
    lines[0] = this.line + (lines[0] ?? '');
    this.line = (lines.pop() ?? '').slice(0, lineLimit);
    for (const line of lines) this.take(line.replace(/\r$/, '').slice(0, lineLimit));
  }

  private take(line: string): void {
    if (line.startsWith(`--${this.boundary}`)) {
      this.enter('partHeader');
      return;
    }
    if (this.place === 'part') return;
    if (line === '') this.endHeader();
    else if (/^[ \t]/.test(line)) {
      if (this.isContentType) this.contentType = `${this.contentType ?? ''} ${line.trim()}`;
    } else {
      this.isContentType = this.contentType === null && /^content-type[ \t]*:/i.test(line);
      if (this.isContentType) this.contentType = unfold(line.slice(line.indexOf(':') + 1));
    }
  }

  private endHeader(): void {
    const type = this.contentType ?? '';
    if (this.place === 'partHeader') {
      this.enter(embedded.test(type) ? 'innerHeader' : 'part');
      return;
    }
    const inner = reportBoundary(type);
    if (inner !== null && this.depth < depthLimit) {
      this.depth++;
      this.boundary = inner;
    }
    this.enter('part');
  }

  private enter(place: 'part' | 'partHeader' | 'innerHeader'): void {
    this.place = place;
    this.contentType = null;
    this.isContentType = false;
  }
}

/** RFC 2045 §5.1; comments and RFC 2231 are not found where it matters. */
function parameter(value: string, name: string): string | null {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;"]+))`, 'i').exec(value);
  return found?.[1] ?? found?.[2] ?? null;
}
