/**
 * Has a program of the machine look at a new configuration in a folder that nobody else can read, and that is
 * gone afterwards: the shell that makes it takes it away when it is interrupted, and when this process is.
 */
import type { Ran, Root } from '../machine/root.ts';

/** $0: name of the file; $1: a folder whose other files are to stand beside it, or nothing. */
const script = `
umask 077
folder=$(mktemp -d) || exit
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT PIPE TERM
echo "$folder"
cat > "$folder/$0" || exit
if [ "$1" ]; then
  for file in "$1"/*; do
    [ -e "$folder/\${file##*/}" ] || ln -s "$file" "$folder" || exit
  done
fi
shift
for word; do
  shift
  case $word in . | ./*) word=$folder\${word#.} ;; esac
  set -- "$@" "$word"
done
"$@"`;

export interface Aside {
  /** Name of the file in the folder. */
  readonly name: string;
  /** In latin1. */
  readonly text: string;
  /** A folder whose other files are linked to beside it; null without. */
  readonly beside: string | null;
}

/** The folder is `.` in the words of the command; in what the program says it is called `known`. */
export async function askAside(
  root: Root,
  { name, text, beside }: Aside,
  command: readonly string[],
  known: string,
): Promise<Ran> {
  const run = ['sh', '-c', script, name, beside ?? '', ...command];
  const { status, stdout, stderr } = await root.run('/', run, text);
  const [folder = '', ...lines] = stdout.split('\n');
  const asKnown = (said: string) => (folder === '' ? said : said.replaceAll(folder, known));
  return { status, stdout: asKnown(lines.join('\n')), stderr: asKnown(stderr) };
}
