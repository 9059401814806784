/** A place in a text: line and column, both from 1. */
export type TextPlace = { readonly line: number; readonly column: number }

/** The place of an offset in a text, in UTF-16 code units from 0. */
export function textPlace(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}

/** JSON Pointer of a path of keys and indices. */
export function jsonPointer(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** The steps of a JSON Pointer (RFC 6901), from the root of the document; none for the empty pointer. */
export function pointerSteps(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** One thing wrong in a file that a team writes. Line and column from 1; 0 where the whole file is meant. */
export type SourceFinding = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
  readonly fix: string
}
