import fc from 'fast-check'

import type { Caller } from '../../src/access/caller.ts'
import { CatalogueFile } from '../../src/catalogue/catalogue-file.ts'
import { type Catalogue, compileCatalogue } from '../../src/catalogue/catalogue.ts'
import type { DerivationSources } from '../../src/decisions/rules/ask-policies.ts'
import { derive } from '../../src/decisions/derive.ts'
import { gatherFacts } from '../../src/decisions/facts.ts'
import { requestContext } from '../../src/decisions/request-context.ts'
import { outcomeLeq } from '../../src/lattice/outcome-order.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import { Request } from '../../src/model/request.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import type { PolicySetParts } from '../../src/rego/assemble-policy-set.ts'
import { RiskDocument } from '../../src/risk/rule-document.ts'
import { compileRiskRules } from '../../src/risk/rules.ts'
import { anonymous, caller, gateway, stranger } from './callers.ts'
import { shippedParts, shippedPolicySet, type TestService } from './test-service.ts'
import { scopesAskedFor, worldOf } from './world.ts'

/** An agent about itself: it vouches for no session, no composition and no fact, and fulfils the duties of its enforcement point. */
const itself = caller('finance-agent', {
  roles: ['enforcement_point', 'agent'],
  agent: 'finance-agent',
  supported_obligations: ['rollback_handle'],
})
/** Who asks: a gateway that vouches for sessions alone, the listener, nobody, and an agent about itself. */
export const CLAIMING_CALLERS: readonly Caller[] = [{ ...gateway, verified_facts: [] }, anonymous, stranger, itself]

/** Where claims are tried: agents without and with what they have earned, and the policies whose catalogue and rules are varied. */
export type ClaimedWorlds = {
  readonly worlds: readonly TestService[]
  readonly parts: PolicySetParts
  readonly shipped: PolicySet
}

/** Makes both worlds once; takes some seconds. */
export async function claimedWorlds(): Promise<ClaimedWorlds> {
  const known = async (world: TestService): Promise<TestService> => {
    for (const agent of ['finance-agent', 'coding-agent', 'support-agent'])
      await world.write([{ kind: 'composition', agent, composition: { model: 'old', prompt: 'old' } }])
    return world
  }
  return {
    worlds: [await known(await worldOf()), await known(await worldOf(await scopesAskedFor()))],
    parts: await shippedParts(),
    shipped: await shippedPolicySet(),
  }
}

/** Rules of a generated document, without their names. */
export type GeneratedRules = readonly { readonly conditions: object; readonly points: number }[]
/** What is laid over each tool of the catalogue. */
export type CatalogueChange = Readonly<Record<string, unknown>>

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
/** Rules that compare what requests may claim. */
export const claimRules: fc.Arbitrary<GeneratedRules> = fc.array(
  fc.record({ conditions: fc.oneof(plain, conditions), points: fc.integer({ min: 1, max: 6 }) }),
  {
    minLength: 2,
    maxLength: 8,
  },
)

/** What a catalogue may say otherwise of every tool. */
export const catalogueChange: fc.Arbitrary<CatalogueChange> = fc.record(
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

/** The shipped policies with other rules beside theirs, and a catalogue whose tools deviate. */
export function claimedPolicySet(
  { parts, shipped }: Pick<ClaimedWorlds, 'parts' | 'shipped'>,
  generated: GeneratedRules,
  changed: CatalogueChange,
): PolicySet {
  const catalogue = changedCatalogue(parts, changed)
  const documents = [...shipped.risk.documents, claimDocument(generated)]
  return { ...shipped, catalogue, risk: compileRiskRules(documents, undefined, catalogue.riskBands) }
}

/** Generated rules as a document. */
export function claimDocument(generated: GeneratedRules): RiskDocument {
  return RiskDocument.parse({
    id: 'generated',
    version: '1',
    rules: generated.map((rule, index) => ({ id: `rule-${String(index)}`, reason: 'generated', ...rule })),
  })
}

function changedCatalogue(parts: PolicySetParts, changed: CatalogueChange): Catalogue {
  const tools = Object.entries(parts.catalogue.tools).map(([name, tool]) => {
    const own = { ...tool, ...changed }
    return [
      name,
      own.category === 'read_only' ? { ...tool, classification: changed['classification'] ?? tool.classification } : own,
    ]
  })
  return compileCatalogue(CatalogueFile.parse({ ...parts.catalogue, tools: Object.fromEntries(tools) as object }))
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
/** A member of a body and what it says. */
export type ClaimedMember = { readonly place: readonly string[]; readonly said: unknown }

/** A member that no credential vouches for. */
export const claimedMember: fc.Arbitrary<ClaimedMember> = fc
  .constantFrom(...MEMBERS)
  .chain(([place, value]) => value.map((said) => ({ place, said })))

/** A body with one more member. */
export function withMember(base: object, { place: [first = '', ...rest], said }: ClaimedMember): object {
  const inner = (base as Readonly<Record<string, object | undefined>>)[first] ?? {}
  return { ...base, [first]: rest.length === 0 ? said : withMember(inner, { place: rest, said }) }
}

const has = (value: unknown, [first, ...rest]: readonly string[]): boolean =>
  first === undefined ||
  (typeof value === 'object' &&
    value !== null &&
    first in value &&
    has((value as Readonly<Record<string, unknown>>)[first], rest))

/** Whether a member can be added to a body: it is not said yet, and the caller does not vouch for it, as a gateway does for sessions. */
export function isClaimed(body: object, who: Caller, { place }: ClaimedMember): boolean {
  return !has(body, place) && !(who === CLAIMING_CALLERS[0] && place[1] === 'session')
}

/** Everything a decision is derived from, for one body of one caller. */
export async function claimSources(
  body: object,
  who: Caller,
  { store, clock }: TestService,
  policySet: PolicySet,
): Promise<DerivationSources> {
  const request = Request.parse(body)
  const context = requestContext({ request, caller: who, policySet, atMs: clock.nowMs() })
  const facts = await store.read([], (view) => gatherFacts(context, view))
  return { question: { request, entrypoint: 'rbac/decision' }, facts, policySet }
}

/** What a body comes to: its outcome and the points of its risk. */
export type ClaimResult = { readonly outcome: Outcome; readonly points: number }

/** What a decision comes to, with nothing recorded. */
export async function claimResult(sources: DerivationSources): Promise<ClaimResult> {
  const { decision, risk } = await derive(sources)
  return { outcome: decision.outcome, points: risk.points }
}

/** Whether what a body with a claim comes to is above what it comes to without, in outcome or in risk. */
export function isRaised(before: ClaimResult, after: ClaimResult): boolean {
  return !outcomeLeq(after.outcome, before.outcome) || after.points < before.points
}
