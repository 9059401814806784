import fc from 'fast-check'

import { ACTION_CATEGORIES } from '../../src/catalogue/catalogue-file.ts'
import { type Ceiling, SOURCES } from '../../src/model/ceiling.ts'
import { CONSEQUENCE_TIERS } from '../../src/model/consequence-tier.ts'
import { LEVELS } from '../../src/model/level.ts'
import { OBSERVABLE_SOURCES } from '../../src/model/mode.ts'
import { RISK_BANDS } from '../../src/model/outcome.ts'
import { CHAIN_PROBLEMS, CHAIN_RELATIONS } from '../../src/model/request.ts'
import {
  type BaseResult,
  type ChainLink,
  CONTAINMENT_KINDS,
  type Delegator,
  type DecisionInputs,
} from '../../src/pdp/decision-inputs.ts'
import type { Matrices, Matrix } from '../../src/pdp/matrix-schema.ts'
import { guardrails, obligations, outcomes } from '../lattice/arbitraries.ts'

/** The shipped matrix. */
export const STANDARD: Matrix = {
  '0': { read: 'allow_guarded', low: 'deny', medium: 'deny', high: 'deny' },
  '1': { read: 'allow_guarded', low: 'suggest', medium: 'suggest', high: 'deny' },
  '2': { read: 'allow', low: 'require_approval', medium: 'require_approval', high: 'suggest' },
  '3': { read: 'allow', low: 'allow_guarded', medium: 'allow_guarded', high: 'require_approval' },
  '4': { read: 'allow', low: 'allow', medium: 'allow', high: 'require_approval' },
}
const LIGHT: Matrix = {
  ...STANDARD,
  '0': { read: 'allow_guarded', low: 'suggest', medium: 'deny', high: 'deny' },
  '3': { read: 'allow', low: 'allow', medium: 'allow_guarded', high: 'require_approval' },
}
export const MATRICES: Matrices = { standard: STANDARD, low: LIGHT }

/** A term of the bundle that concedes everything. */
export const concede = (source: Ceiling['source'], outcome: Ceiling['outcome'] = 'allow'): Ceiling => ({
  source,
  outcome,
  reason: `${source}_${outcome}`,
  obligations: [],
  guardrails: {},
})

/** Inputs under which nothing limits anything. */
export const OPEN: DecisionInputs = {
  base: { outcome: 'allow', reason: 'granted' },
  graduation: [concede('trust'), concede('risk'), concede('category')],
  human: false,
  action: { category: 'local_reversible_write' },
  tier: 'standard',
  band: 'medium',
  sensitive: false,
  matrices: MATRICES,
  links: [],
  chain_problems: [],
  containment: [],
  incidents: { cap: 1, level: 4, due: [] },
  kill_switch: false,
  measures: { amount: null, records: null, recipient_domains: null, destinations: null },
  budget_refusals: [],
  guardrail_excess: 'require_approval',
  approval: null,
  observed: [],
  override: null,
  supported_obligations: [],
}

const often = <T>(value: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, other)

const ceilingOf = (source: Ceiling['source']): fc.Arbitrary<Ceiling> =>
  fc.record({
    source: fc.constant(source),
    outcome: outcomes,
    reason: fc.constantFrom('because', 'rule', `${source}_rule`),
    obligations: fc.array(obligations, { maxLength: 2 }),
    guardrails: often({}, guardrails),
  })

/** What a bundle answers: mostly well formed, sometimes with terms missing, doubled or not its own, sometimes anything. */
export const graduations: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        ceilingOf('trust'),
        ceilingOf('risk'),
        ceilingOf('category'),
        fc.array(
          fc.constantFrom('context', 'guardrails', 'pact').chain((source) => ceilingOf(source as Ceiling['source'])),
          { maxLength: 3 },
        ),
      )
      .map(([trust, risk, category, optional]) => [trust, ...optional, risk, category]),
  },
  { weight: 2, arbitrary: fc.array(fc.constantFrom(...SOURCES).chain(ceilingOf), { maxLength: 7 }) },
  { weight: 1, arbitrary: fc.jsonValue() },
  {
    weight: 1,
    arbitrary: fc.constantFrom(undefined, null, [], {}, 'allow', true, [undefined], [{}], [{ ...concede('trust'), extra: 1 }]),
  },
)

const bases: fc.Arbitrary<BaseResult | null> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record(
      {
        outcome: often<BaseResult['outcome']>('allow', outcomes),
        reason: fc.constantFrom('granted', ''),
        cause: fc.constantFrom('trap', 'deadline'),
        obligations: fc.array(obligations, { maxLength: 2 }),
        guardrails,
      },
      { requiredKeys: ['outcome', 'reason'] },
    ),
  },
  fc.constant(null),
)

const links: fc.Arbitrary<ChainLink> = fc.record({
  party: fc.record({ type: fc.constantFrom('agent', 'user'), id: fc.constantFrom('a', 'b') }),
  relation: fc.constantFrom(...CHAIN_RELATIONS),
  known: often(true, fc.boolean()),
  level_effective: fc.constantFrom(...LEVELS),
  tier: fc.constantFrom(...CONSEQUENCE_TIERS),
})

const measure = fc.constantFrom(null, 'unknown' as const, 0, 1, 100.5, 101)

/** Whom the base is asked about besides the subject; a result that is there, whatever it says. */
const delegators: fc.Arbitrary<Delegator> = fc.record({
  party: fc.record({ type: fc.constantFrom('agent', 'user'), id: fc.constantFrom('a', 'b') }),
  base: bases.filter((base) => base !== null).chain((base) => fc.constantFrom(base, { ...base, cause: 'base_undefined' })),
})

const ownInputs: fc.Arbitrary<DecisionInputs> = fc.record({
  base: bases,
  graduation: graduations,
  human: often(false, fc.boolean()),
  action: fc.record({ category: fc.constantFrom(...ACTION_CATEGORIES) }),
  tier: fc.constantFrom(...CONSEQUENCE_TIERS),
  band: fc.constantFrom(...RISK_BANDS),
  sensitive: fc.boolean(),
  matrices: fc.constant(MATRICES),
  links: fc.array(links, { maxLength: 3 }),
  chain_problems: often([], fc.array(fc.constantFrom(...CHAIN_PROBLEMS), { maxLength: 2 })),
  containment: often(
    [],
    fc.oneof(
      fc.constant('unknown' as const),
      fc.array(
        fc.record({
          kind: fc.constantFrom(...CONTAINMENT_KINDS),
          by: fc.constantFrom('person', 'incident'),
          reason: fc.constant('r'),
        }),
        { maxLength: 3 },
      ),
    ),
  ),
  incidents: often(
    { cap: 1, level: 4, due: [] },
    fc.oneof(
      fc.constant('unknown' as const),
      fc.record({
        cap: fc.constantFrom(0, 0.4, 0.9999, 1, Number.NaN),
        level: fc.constantFrom(...LEVELS),
        due: fc.array(fc.constantFrom('i1', 'i2'), { maxLength: 2 }),
      }),
    ),
  ),
  kill_switch: often(false, fc.boolean()),
  measures: fc.record({
    amount: measure,
    records: measure,
    recipient_domains: fc.oneof(
      fc.constantFrom(null, 'unknown' as const),
      fc.array(fc.constantFrom('a.example', 'b.example', 'evil.example'), { maxLength: 3 }),
    ),
    destinations: fc.oneof(
      fc.constantFrom(null, 'unknown' as const),
      fc.array(fc.constantFrom('channel:a', 'channel:ab', 'iban:X'), { maxLength: 3 }),
    ),
  }),
  budget_refusals: often(
    [],
    fc.array(
      fc.record({ guardrail: fc.constantFrom('outstanding_max', 'actions_per_hour_max'), have: fc.nat(3), limit: fc.nat(3) }),
      { maxLength: 3 },
    ),
  ),
  guardrail_excess: fc.constantFrom('require_approval', 'deny'),
  observed: often([], fc.subarray([...OBSERVABLE_SOURCES])),
  approval: often(null, fc.record({ id: fc.constantFrom('a1', 'a2'), same_policy_set: fc.boolean() })),
  override: often(null, fc.record({ id: fc.constantFrom('o1', 'o2'), lifts_incidents: fc.boolean() })),
  supported_obligations: fc.subarray(['audit', 'redact_sensitive', 'rollback_handle', '__proto__']),
})

/** Everything a decision may depend on. */
export const inputs: fc.Arbitrary<DecisionInputs> = fc
  .tuple(ownInputs, fc.option(delegators), often(false, fc.boolean()))
  .map(([own, delegator, unvouched]) => ({
    ...own,
    ...(delegator === null ? {} : { delegator }),
    ...(unvouched ? { unvouched: true as const } : {}),
  }))
