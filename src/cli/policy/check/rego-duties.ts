import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { readFileText } from '../../../format/read-text.ts'
import { type SourceFinding, textPlace } from '../../../format/source-place.ts'
import { isWithoutPerformer, performerFix } from '../../../lattice/pdp-duties.ts'

/** A duty of the decision point as Rego and JSON write it. */
const PDP = /"performer"\s*:\s*"pdp"/gu
const ID = /"id"\s*:\s*"([^"\\]*)"/u

/**
 * Duties that the Rego below a folder writes out, its tests too, and that nothing performs. What a policy puts together at run time
 * cannot be seen here; a decision with such a duty is denied.
 */
export async function regoDutyFindings(folder: string): Promise<readonly SourceFinding[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.rego')).sort()
  const found = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name)
      return findingsIn(file, await readFileText(file))
    }),
  )
  return found.flat()
}

function findingsIn(file: string, text: string): readonly SourceFinding[] {
  return [...text.matchAll(PDP)].flatMap(({ index }): readonly SourceFinding[] => {
    const start = openingBefore(text, index)
    const id = ID.exec(text.slice(start, closingAfter(text, index)))?.[1]
    if (id === undefined || isComment(text, index) || !isWithoutPerformer({ id, performer: 'pdp' })) return []
    return [{ file, ...textPlace(text, index), message: `nothing performs the duty "${id}"`, fix: performerFix(id) }]
  })
}

/** Where the object begins that an offset is in. */
function openingBefore(text: string, offset: number): number {
  for (let at = offset - 1, depth = 0; at >= 0; at -= 1) {
    if (text[at] === '}') depth += 1
    if (text[at] === '{' && (depth -= 1) < 0) return at
  }
  return 0
}

/** Where the object ends that an offset is in. */
function closingAfter(text: string, offset: number): number {
  for (let at = offset, depth = 0; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1
    if (text[at] === '}' && (depth -= 1) < 0) return at
  }
  return text.length
}

function isComment(text: string, offset: number): boolean {
  return text
    .slice(text.lastIndexOf('\n', offset) + 1, offset)
    .trimStart()
    .startsWith('#')
}
