import type { RiskProblem } from './load-documents.ts'

/** A problem as a person reads it beside its file and line: the rule, the member, what is wrong with it; and what to do about it. */
export function riskProblemText({ rule, pointer, message }: Pick<RiskProblem, 'rule' | 'pointer' | 'message'>): {
  readonly message: string
  readonly fix: string
} {
  // What the loader says after a semicolon is what to do.
  const [what = message, ...fixes] = message.split('; ')
  const place = [...(rule === null ? [] : [`rule "${rule}"`]), ...(pointer === '' ? [] : [pointer])].join(' ')
  return {
    message: place === '' ? what : `${place}: ${what}`,
    fix: fixes.length > 0 ? fixes.join('; ').replace(/^it has: /u, 'use one of: ') : fixFor(what, pointer),
  }
}

function fixFor(message: string, pointer: string): string {
  const options = /expected one of (.+)$/u.exec(message)?.[1]
  if (options !== undefined) return `use one of: ${options.replaceAll('"', '').replaceAll('|', ', ')}`
  if (/^Unrecognized key/u.test(message)) return 'correct the spelling, or remove it'
  if (/received undefined/u.test(message)) return `add the member "${pointer.slice(pointer.lastIndexOf('/') + 1)}"`
  const compared = /compares with (.+)$/u.exec(message)?.[1]
  if (compared !== undefined) return `give ${compared}`
  const bound = /to be (?:[<>]=?\s?.+|(?:at|no) .+)$/u.exec(message)?.[0]
  if (bound !== undefined) return `change it ${bound}`
  return pointer === '' ? 'mend the JSON syntax here' : 'see schemas/risk-document.schema.json for what is allowed here'
}
