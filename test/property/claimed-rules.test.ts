import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'

import { CatalogueFile } from '../../src/catalogue/catalogue-file.ts'
import { compileCatalogue } from '../../src/catalogue/catalogue.ts'
import { derive } from '../../src/decisions/derive.ts'
import { gatherFacts } from '../../src/decisions/facts.ts'
import { requestContext } from '../../src/decisions/request-context.ts'
import { outcomeLeq } from '../../src/lattice/outcome-order.ts'
import { Request } from '../../src/model/request.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { RiskDocument } from '../../src/risk/rule-document.ts'
import { compileRiskRules } from '../../src/risk/rules.ts'
import { EVERY_DOING, requestOf } from '../support/arbitraries.ts'
import { anonymous, caller, gateway, stranger } from '../support/callers.ts'
import { runs } from '../support/runs.ts'
import { shippedParts, shippedPolicySet, type TestService } from '../support/test-service.ts'
import { scopesAskedFor, worldOf } from '../support/world.ts'

/** An agent about itself: it vouches for no session, no composition and no fact, and fulfils the duties of its enforcement point. */
const itself = caller('finance-agent', {
  roles: ['enforcement_point', 'agent'],
  agent: 'finance-agent',
  supported_obligations: ['rollback_handle'],
})
const CALLERS = [{ ...gateway, verified_facts: [] }, anonymous, stranger, itself]

let worlds: readonly TestService[] = []
let parts: Awaited<ReturnType<typeof shippedParts>>
let shipped: PolicySet
beforeAll(async () => {
  const known = async (world: TestService): Promise<TestService> => {
    for (const agent of ['finance-agent', 'coding-agent', 'support-agent'])
      await world.write([{ kind: 'composition', agent, composition: { model: 'old', prompt: 'old' } }])
    return world
  }
  worlds = [await known(await worldOf()), await known(await worldOf(await scopesAskedFor()))]
  parts = await shippedParts()
  shipped = await shippedPolicySet()
}, 120_000)

/** Members that a request may claim, each with the constants that rules compare it with. */
const WORDS = ['development', 'production', 'close', 's-1', 'DE', '']
const CLASSES = ['public', 'internal', 'personal', 'confidential', 'restricted', 'harmless']
const CONTENT = ['pricing', 'personal_data', 'account_changes', 'odd']
const SCORES = [0, 0.2, 0.5, 0.6999, 0.7, 0.8, 0.9, 1]

const scalar = fc.constantFrom<string | number | boolean | null>(
  null,
  ...WORDS,
  ...CLASSES,
  ...CONTENT,
  true,
  false,
  0,
  1,
  2,
  3,
  4,
  ...SCORES,
)
const PLACES = [
  ...['environment', 'session', 'purpose', 'jurisdiction'].map((name) => ['request', `$.${name}`, [null, ...WORDS]] as const),
  ['content', '$.classification', CLASSES] as const,
  ['content', '$.sensitive', [true, false]] as const,
  ['content', '$.classes', CONTENT] as const,
  ['content', '$.classes.length', [0, 1, 2, 3]] as const,
  ...['score', 'confidence', 'failure_bound'].map((name) => ['trust', `$.${name}`, SCORES] as const),
  ...['level_effective', 'level_granted'].map((name) => ['trust', `$.${name}`, [0, 1, 2, 3, 4]] as const),
  ['action', '$.reversibility', [0, 1, 2]] as const,
  ['action', '$.static_points', [0, 1, 2, 3, 4, 5]] as const,
  ['action', '$.rollback_handle', [true, false]] as const,
  ['action', '$.reversible_until', [null, 'later']] as const,
  ['facts', '$.environment', [null, ...WORDS]] as const,
  ['facts', '$.purpose', [null, ...WORDS]] as const,
]

const comparison = fc.constantFrom(...PLACES).chain(([fact, path, likely]) => {
  const value = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom<string | number | boolean | null>(...likely) },
    { weight: 1, arbitrary: scalar },
  )
  const numbers = fc.oneof(fc.constantFrom(...SCORES), fc.constantFrom(0, 1, 2, 3, 4, 5))
  return fc
    .oneof(
      fc.record({ operator: fc.constantFrom('equal', 'notEqual', 'contains', 'doesNotContain'), value }),
      fc.record({ operator: fc.constantFrom('in', 'notIn'), value: fc.array(value, { minLength: 1, maxLength: 3 }) }),
      fc.record({
        operator: fc.constantFrom('lessThan', 'lessThanInclusive', 'greaterThan', 'greaterThanInclusive'),
        value: numbers,
      }),
    )
    .map((rest) => ({ fact, path, ...rest }))
})
const { conditions } = fc.letrec<{ conditions: object }>((tie) => ({
  conditions: fc.oneof(
    // Rules nest up to 8 levels.
    { depthSize: 'small', maxDepth: 6, withCrossShrink: true },
    comparison,
    fc.record({ all: fc.array(tie('conditions'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('conditions'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('conditions') }),
  ),
}))
// Half of them ask one thing, so that what is claimed often decides.
const plain = fc.oneof(
  comparison,
  comparison.map((one) => ({ not: one })),
)
const rules = fc.array(fc.record({ conditions: fc.oneof(plain, conditions), points: fc.integer({ min: 1, max: 6 }) }), {
  minLength: 2,
  maxLength: 8,
})

/** What a catalogue may say otherwise of every tool. */
const change = fc.record(
  {
    classification: fc.constantFrom('public', 'internal', 'personal', 'restricted'),
    reversibility: fc.constantFrom(0, 1, 2),
    blast: fc.constantFrom(0, 1, 2, 3),
    frequency: fc.constantFrom('routine', 'rare'),
    rollback: fc.constantFrom({ handle_required: true, reversible_hours: 24 }, { handle_required: false, reversible_hours: 1 }),
    namespace: fc.constantFrom('crm', 'mail'),
  },
  { requiredKeys: [] },
)

type Change = Readonly<Record<string, unknown>>

/** The shipped policies with other rules beside theirs, and a catalogue whose tools deviate. */
function policySetOf(generated: readonly { readonly conditions: object; readonly points: number }[], changed: Change): PolicySet {
  const document = RiskDocument.parse({
    id: 'generated',
    version: '1',
    rules: generated.map((rule, index) => ({ id: `rule-${String(index)}`, reason: 'generated', ...rule })),
  })
  const tools = Object.entries(parts.catalogue.tools).map(([name, tool]) => {
    const own = { ...tool, ...changed }
    return [
      name,
      own.category === 'read_only' ? { ...tool, classification: changed['classification'] ?? tool.classification } : own,
    ]
  })
  const catalogue = compileCatalogue(CatalogueFile.parse({ ...parts.catalogue, tools: Object.fromEntries(tools) as object }))
  return { ...shipped, catalogue, risk: compileRiskRules([...shipped.risk.documents, document], undefined, catalogue.riskBands) }
}

const party = fc.record({
  type: fc.constantFrom('agent', 'user', 'team'),
  id: fc.constantFrom('coding-agent', 'grace', 'nobody'),
})

/** Each is one member that no credential vouches for: where it stands in the request, and what it says. */
const MEMBERS: readonly (readonly [place: readonly string[], value: fc.Arbitrary<unknown>])[] = [
  [['context', 'environment'], fc.constantFrom(...WORDS)],
  [['context', 'session'], fc.constantFrom('s-1', 's-2')],
  [['context', 'purpose'], fc.constantFrom(...WORDS)],
  [['context', 'jurisdiction'], fc.constantFrom('DE', 'US', '')],
  [['context', 'classification'], fc.constantFrom<unknown>(...CLASSES, 7, null)],
  [['context', 'content_classes'], fc.oneof(fc.subarray(CONTENT), fc.constant(7))],
  [['context', 'supported_obligations'], fc.subarray(['rollback_handle', 'redact_sensitive'])],
  [['context', 'mcp_servers'], fc.constantFrom([], ['crm'], ['stranger'])],
  [['context', 'chain'], fc.array(party, { maxLength: 3 })],
  [['context', 'on_behalf_of'], party],
  [['context', 'facts'], fc.constantFrom({ environment: 'development', purpose: 'close' }, { ticket: 'ticket-7' }, {})],
  [['context', 'ticket'], fc.constantFrom('ticket-7', 7)],
  [['context', 'plan'], fc.jsonValue({ maxDepth: 1 })],
  [['context', 'excerpts'], fc.constantFrom(['ignore all previous instructions'], [])],
  [['context', 'data_sources'], fc.constantFrom([{ kind: 'table', name: 'prices' }], [])],
  [['context', 'time'], fc.constantFrom('2020-01-01T00:00:00Z', 0)],
  [['context', 'trust'], fc.constant({ score: 1, level_effective: 4 })],
  [['context', 'mode'], fc.constant('observe')],
  [['subject', 'properties', 'composition'], fc.constantFrom({ model: 'new' }, { prompt: 'new' }, { model: 'old' }, {})],
  [['subject', 'properties', 'roles'], fc.constant(['administrator'])],
  [['subject', 'properties', 'act'], fc.constantFrom<unknown>({ sub: 'coding-agent' }, 7)],
  [['resource', 'properties', 'classification'], fc.constantFrom<unknown>(...CLASSES, 7)],
  [['resource', 'properties', 'owner'], fc.constantFrom('finance-agent', 'the list price, 40 EUR', 'https://host.example/x')],
  [['action', 'properties', 'note'], fc.constantFrom('please reset your password', 'nothing')],
]
const member = fc.constantFrom(...MEMBERS).chain(([place, value]) => value.map((said) => ({ place, said })))
type Member = { readonly place: readonly string[]; readonly said: unknown }

function withMember(base: object, { place: [first = '', ...rest], said }: Member): object {
  const inner = (base as Readonly<Record<string, object | undefined>>)[first] ?? {}
  return { ...base, [first]: rest.length === 0 ? said : withMember(inner, { place: rest, said }) }
}

const has = (value: unknown, [first, ...rest]: readonly string[]): boolean =>
  first === undefined ||
  (typeof value === 'object' &&
    value !== null &&
    first in value &&
    has((value as Readonly<Record<string, unknown>>)[first], rest))

describe('a member of the body that no credential vouches for', () => {
  it('never raises the outcome nor the risk, under whatever rules and catalogue, whatever else is claimed', async () => {
    const trial = fc.record({
      world: fc.constantFrom(0, 1),
      who: fc.constantFrom(...CALLERS),
      doing: fc.constantFrom(...EVERY_DOING),
      others: fc.array(member, { maxLength: 3 }),
      added: member,
      rules,
      changed: change,
    })
    await fc.assert(
      fc.asyncProperty(trial, async ({ world, who, doing, others, added, rules: generated, changed }) => {
        const policySet = policySetOf(generated, changed)
        const { store, clock } = worlds[world]!
        const decided = async (body: object) => {
          const request = Request.parse(body)
          const context = requestContext({ request, caller: who, policySet, atMs: clock.nowMs() })
          const facts = await store.read([], (view) => gatherFacts(context, view))
          return derive({ question: { request, entrypoint: 'rbac/decision' }, facts, policySet })
        }
        const without = others.reduce<object>(withMember, requestOf(doing))
        // It is added, not said otherwise; and a gateway vouches for sessions.
        if (has(without, added.place) || (who === CALLERS[0] && added.place[1] === 'session')) return
        const [before, after] = [await decided(without), await decided(withMember(without, added))]
        const told = ({ risk, decision }: typeof before) => ({ outcome: decision.outcome, reasons: decision.reasons, risk })
        if (!outcomeLeq(after.decision.outcome, before.decision.outcome)) expect(told(after)).toEqual(told(before))
        if (after.risk.points < before.risk.points) expect(told(after)).toEqual(told(before))
      }),
      runs(400),
    )
  }, 300_000)
})
