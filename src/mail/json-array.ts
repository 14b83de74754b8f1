/** The elements of a line that is a JSON array; null: it is none, as where a crash tore it. */
export function parseJsonArray(line: string): readonly unknown[] | null {
  try {
    const value: unknown = JSON.parse(line);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
