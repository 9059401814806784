/** Stands for anything in an expected text. */
const ANYTHING = '…'

/** Where an output differs from what a document shows of it; undefined when it does not. Objects and lists may hold more than is shown. */
export function jsonDifference(shown: unknown, actual: unknown, place = ''): string | undefined {
  if (Array.isArray(shown)) return listDifference(shown, actual, place)
  if (typeof shown === 'object' && shown !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return differs(shown, actual, place)
    const members = actual as Readonly<Record<string, unknown>>
    for (const [name, value] of Object.entries(shown)) {
      const difference = jsonDifference(value, members[name], `${place}/${name}`)
      if (difference !== undefined) return difference
    }
    return undefined
  }
  if (typeof shown === 'string' && typeof actual === 'string')
    return matchesText(shown, actual) ? undefined : differs(shown, actual, place)
  return shown === actual ? undefined : differs(shown, actual, place)
}

/** The first shown line that is in no line of the output; undefined when all are, in order. */
export function textDifference(shown: string, actual: string): string | undefined {
  const lines = actual.split('\n').map((line) => line.trim())
  let from = 0
  for (const line of shown.split('\n').map((each) => each.trim())) {
    if (line === '' || line === ANYTHING) continue
    const at = lines.findIndex((candidate, index) => index >= from && matchesText(line, candidate))
    if (at < 0) return `the output has no line "${line}" here:\n${actual}`
    from = at + 1
  }
  return undefined
}

/** The value that a command printed: all of its output, or the last line that is JSON. */
export function jsonIn(output: string): unknown {
  for (const candidate of [output, ...output.trim().split('\n').reverse()]) {
    try {
      return JSON.parse(candidate)
    } catch {
      continue
    }
  }
  throw new Error(`the output is not JSON:\n${output}`)
}

/** What is shown has to be there in its order, among others. */
function listDifference(shown: readonly unknown[], actual: unknown, place: string): string | undefined {
  if (!Array.isArray(actual)) return differs(shown, actual, place)
  let from = 0
  for (const [index, element] of shown.entries()) {
    const at = actual.findIndex((candidate, position) => position >= from && jsonDifference(element, candidate) === undefined)
    if (at < 0) return differs(element, actual, `${place}/${index}`)
    from = at + 1
  }
  return undefined
}

function matchesText(shown: string, actual: string): boolean {
  const parts = shown.split(ANYTHING).map((part) => part.replace(/[.*+?^${}()|[\]\\]/gu, '\\$&'))
  return new RegExp(`^${parts.join('[^]*')}$`, 'u').test(actual)
}

function differs(shown: unknown, actual: unknown, place: string): string {
  return `${place === '' ? 'the answer' : place}: shown ${JSON.stringify(shown)}, got ${JSON.stringify(actual)}`
}
