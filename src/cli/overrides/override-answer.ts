import type { OverrideAnswer } from '../../approvals/wire.ts'
import type { CliDeps } from '../support/deps.ts'
import { escapeLine, jsonText, painter } from '../support/output.ts'

export function printOverride(deps: CliDeps, answer: OverrideAnswer, json: boolean): void {
  if (json) {
    deps.stdout(`${jsonText(answer)}\n`)
    return
  }
  const { override, in_force, reaches_high_risk } = answer
  const paint = painter(deps)
  const what = `${override.agent} in ${override.scope}${override.action === null ? '' : `, only ${override.action}`}`
  const state = in_force ? paint('yellow', `in force until ${escapeLine(override.until)}`) : paint('green', 'ended')
  deps.stdout(
    [
      `override ${escapeLine(override.id)} of ${escapeLine(what)}: ${state}`,
      `  behind it: ${escapeLine(override.people.join(', '))}`,
      ...(in_force && !reaches_high_risk
        ? [`  reaches high risk only once another person confirms it: gradus overrides confirm ${escapeLine(override.id)}`]
        : []),
      '',
    ].join('\n'),
  )
}
