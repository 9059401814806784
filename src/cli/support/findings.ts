import { relative } from 'node:path'

import type { ServiceError } from '../../format/error.ts'
import type { SourceFinding } from '../../format/source-place.ts'
import { errorText } from './output.ts'

/** Findings as lines `file:line:column: message`, each with its fix. */
export function findingsText(findings: readonly SourceFinding[], cwd: string): string {
  return findings
    .map(
      ({ file, line, column, message, fix }) =>
        `${errorText({ message, fix, place: { file: inside(file, cwd), line: line > 0 ? line : undefined, column: line > 0 ? column : undefined } })}\n`,
    )
    .join('')
}

/** An expected failure as a finding. */
export function findingOf(error: ServiceError, file: string): SourceFinding {
  const { place } = error
  return {
    file: place.file ?? file,
    line: place.line ?? 0,
    column: place.column ?? 0,
    message: error.message,
    fix: error.fix ?? 'correct the place named',
  }
}

function inside(file: string, cwd: string): string {
  const path = relative(cwd, file)
  return path.startsWith('..') ? file : path
}
