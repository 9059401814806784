import type { OverrideAnswer } from '../../approvals/wire.ts'
import { escapeLine, type Paint } from '../../format/terminal-text.ts'
import type { CliDeps } from '../support/deps.ts'
import { painter, printAnswer } from '../support/output.ts'

/** Prints where an override stands. */
export function printOverride(deps: CliDeps, answer: OverrideAnswer, json: boolean): void {
  printAnswer(deps, json, answer, () => overrideText(answer, painter(deps)))
}

function overrideText(answer: OverrideAnswer, paint: Paint): string {
  const { override, in_force, reaches_high_risk } = answer
  const what = `${override.agent} in ${override.scope}${override.action === null ? '' : `, only ${override.action}`}`
  const state = in_force ? paint('yellow', `in force until ${escapeLine(override.until)}`) : paint('green', 'ended')
  return [
    `override ${escapeLine(override.id)} of ${escapeLine(what)}: ${state}`,
    `  behind it: ${escapeLine(override.people.join(', '))}`,
    ...(in_force && !reaches_high_risk
      ? [`  reaches high risk only once another person confirms it: gradus overrides confirm ${escapeLine(override.id)}`]
      : []),
    '',
  ].join('\n')
}
