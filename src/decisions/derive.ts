import { type AssessedRisk, type DerivationSources, type Derived, withReading } from './rules/ask-policies.ts'
import { type Derivation, deriveAtRisk } from './rules/derivation.ts'

/**
 * From facts to the decision, with nothing looked up. Evaluation, replay, fixtures and simulation all decide through here. Only the
 * risk rules are awaited, because json-rules-engine is asynchronous; everything else is one synchronous, total function.
 */
export async function derive(sources: DerivationSources): Promise<Derivation> {
  const derived = withReading(sources)
  return deriveAtRisk(derived, await assessRisk(derived))
}

/** The one step that waits: json-rules-engine is asynchronous. */
async function assessRisk({ timed, measured, facts, policySet }: Derived): Promise<AssessedRisk> {
  const whole = await timed('risk', () => policySet.risk.evaluate(measured))
  const { mode, observed_rules } = facts.mode
  if (mode === 'observe' || observed_rules.length === 0) return { whole, enforced: whole }
  return { whole, enforced: await policySet.risk.evaluate(measured, observed_rules) }
}
