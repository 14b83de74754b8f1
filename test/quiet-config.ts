/**
 * The configuration of a Spillway that a test runs as a user does: it keeps to its folder and to free ports of
 * this machine, and nobody answers at its name server.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes it, and tells its path. `more`: tables of TOML, none of them `dns`, `guard` or `store`. */
export function writeQuietConfig(
  folder: string,
  more: string,
  milter: readonly string[] = ['127.0.0.1:0'],
): string {
  const config = join(folder, 'spillway.toml');
  writeFileSync(
    config,
    `[dns]
servers = ["127.0.0.1:9"]
timeout = "250ms"
[guard]
milter = ${JSON.stringify(milter)}
socketmap = []
policy = []
readsocket = []
filter = []
[store]
url = "sqlite:${folder}/data"
${more}`,
  );
  return config;
}
