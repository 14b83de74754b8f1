/**
 * What an Exim configuration holds for us: where its ACLs begin, and which routers go where an address
 * says.
 */
import type { ConfigLine, ConfigReading } from './config-lines.ts';
import { type Router, readRouter } from './router.ts';

export interface Config {
  /** `begin SECTION`, in lower case. */
  readonly begins: readonly { readonly section: string; readonly line: ConfigLine }[];
  /** One of a name may stand there several times, under conditions. */
  readonly acls: readonly Acl[];
  readonly routers: readonly Router[];
  /** Of the main part. */
  readonly options: readonly ConfigLine[];
}

export interface Acl {
  readonly name: string;
  /** Of its name. */
  readonly line: ConfigLine;
  readonly lines: readonly ConfigLine[];
}

const label = /^([A-Za-z]\w*)\s*:$/;

export function parseConfig({ lines }: Pick<ConfigReading, 'lines'>): Config {
  const begins: Config['begins'][number][] = [];
  const acls: { name: string; line: ConfigLine; lines: ConfigLine[] }[] = [];
  const routers: { name: string; line: ConfigLine; body: ConfigLine[] }[] = [];
  const options: ConfigLine[] = [];
  let section = 'main';
  for (const line of lines) {
    const begun = line.isCondition ? undefined : /^begin\s+(\w+)$/i.exec(line.text)?.[1];
    const name = line.isCondition ? undefined : label.exec(line.text)?.[1];
    if (begun !== undefined) {
      section = begun.toLowerCase();
      begins.push({ section, line });
    } else if (section === 'main') options.push(line);
    else if (section === 'acl' && name !== undefined) acls.push({ name, line, lines: [] });
    else if (section === 'acl') acls.at(-1)?.lines.push(line);
    else if (section === 'routers' && name !== undefined) routers.push({ name, line, body: [] });
    else if (section === 'routers') routers.at(-1)?.body.push(line);
  }
  return {
    begins,
    acls,
    routers: routers.map(({ name, line, body }) => readRouter(name, line, body)),
    options,
  };
}
