/** One thing wrong in a file that a team writes. Line and column from 1; 0 where the whole file is meant. */
export type SourceFinding = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
  readonly fix: string
}
