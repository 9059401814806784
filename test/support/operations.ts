import fc from 'fast-check'

import { ServiceError } from '../../src/format/error.ts'
import { DOCUMENT_KINDS, type DocumentKind, type Documents } from '../../src/ledger/documents/documents.ts'
import { OutcomeClass, SignalClass } from '../../src/model/outcome-classes.ts'
import { IncidentClass } from '../../src/trust/constants.ts'
import { doing, type Doing, requestOf } from './arbitraries.ts'
import { caller, inTenant } from './callers.ts'
import { earned, type TestService } from './test-service.ts'

/** Something that happens to a service. `nth` picks among what is there. */
export type Operation =
  | { readonly kind: 'decide'; readonly what: Doing; readonly chained: boolean; readonly model: string }
  | { readonly kind: 'outcome'; readonly nth: number; readonly class: OutcomeClass; readonly by: number }
  | { readonly kind: 'signal'; readonly nth: number; readonly class: SignalClass }
  | { readonly kind: 'incident'; readonly what: Doing; readonly class: IncidentClass }
  | { readonly kind: 'review'; readonly nth: number; readonly false_positive: boolean }
  | { readonly kind: 'contain'; readonly what: Doing }
  | { readonly kind: 'lift'; readonly nth: number }
  | { readonly kind: 'earn'; readonly what: Doing; readonly units: number }
  | { readonly kind: 'promote' }
  | { readonly kind: 'wait'; readonly hours: number }

const nth = fc.nat(9)
/** Anything that may happen, decisions and verdicts most often. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('decide'),
      what: doing,
      chained: fc.boolean(),
      model: fc.constantFrom('m1', 'm1', 'm1', 'm2'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('outcome'), nth, class: fc.constantFrom(...OutcomeClass.options), by: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('signal'), nth, class: fc.constantFrom(...SignalClass.options) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('incident'), what: doing, class: fc.constantFrom(...IncidentClass.options) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('review'), nth, false_positive: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('contain'), what: doing }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lift'), nth }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('earn'), what: doing, units: fc.integer({ min: 1, max: 80 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('promote') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), hours: fc.integer({ min: 1, max: 300 }) }) },
)

/** All roles at once, so that one caller can do everything here; a judge of its own kind by its number. */
const JUDGES = (['deterministic', 'human', 'end_user', 'self'] as const).map((verifier, index) =>
  caller(`judge-${String(index)}`, {
    roles: ['verifier', 'signal_source'],
    verifier,
    layers: ['identity', 'behaviour', 'context'],
  }),
)
const DECIDER = caller('decider', {
  supported_obligations: ['rollback_handle', 'redact_sensitive'],
  verified_facts: ['checks_passed', 'complexity', 'source_verified'],
  human_subject_types: ['user'],
  trusted_composition: true,
})
const OPERATOR = caller('operator', { roles: ['operator'], person: 'olivia' })

/** What happened so far in one tenant, by id. */
export type Track = {
  readonly decisions: string[]
  readonly incidents: { id: string; agent: string }[]
  readonly containments: string[]
}

/** An empty track. */
export function newTrack(): Track {
  return { decisions: [], incidents: [], containments: [] }
}

/** Does one operation in a tenant; what the service refuses is an answer too. Returns what came back. */
export async function operate(tested: TestService, step: Operation, track: Track, tenant: string): Promise<unknown> {
  try {
    return (await act(tested, step, track, tenant)) ?? null
  } catch (error) {
    if (error instanceof ServiceError) return { refused: error.code }
    throw error
  }
}

function pick<T>(from: readonly T[], index: number): T | undefined {
  return from.length === 0 ? undefined : from[from.length - 1 - (index % from.length)]
}

async function act(
  { service, clock, write, store }: TestService,
  step: Operation,
  track: Track,
  tenant: string,
): Promise<unknown> {
  const operator = inTenant(OPERATOR, tenant)
  switch (step.kind) {
    case 'decide': {
      const context = step.chained ? { context: { chain: [{ type: 'agent', id: 'research-agent' }] } } : {}
      const request = requestOf(step.what, { properties: { composition: { model: step.model } }, ...context })
      const answer = await service.evaluate(inTenant(DECIDER, tenant), { request, protocol: 'native' })
      track.decisions.push(answer.decision_id)
      return answer
    }
    case 'outcome':
      return service.reportOutcome(inTenant(JUDGES[step.by]!, tenant), {
        decision_id: pick(track.decisions, step.nth) ?? 'none',
        class: step.class,
      })
    case 'signal':
      return service.reportSignal(inTenant(JUDGES[0]!, tenant), {
        decision_id: pick(track.decisions, step.nth) ?? 'none',
        layer: (['identity', 'behaviour', 'context'] as const)[step.nth % 3]!,
        class: step.class,
      })
    case 'incident': {
      const { agent } = step.what
      const raised = await service.raiseIncident(operator, { agent, class: step.class, scope: 'bookkeeping:light' })
      track.incidents.push({ id: raised.incident_id, agent })
      return raised
    }
    case 'review': {
      const incident = pick(track.incidents, step.nth) ?? { id: 'none', agent: 'finance-agent' }
      return service.reviewIncident(operator, incident.id, { agent: incident.agent, false_positive: step.false_positive })
    }
    case 'contain': {
      const target = { kind: 'action', action: step.what.action } as const
      const contained = await service.contain(operator, { target, reason: 'test' })
      track.containments.push(contained.id)
      return contained
    }
    case 'lift':
      return service.lift(operator, pick(track.containments, step.nth) ?? 'none')
    case 'earn':
      return write(earned(step.what.agent, 'bookkeeping:light', step.units, clock.nowMs()), tenant)
    case 'promote': {
      const agents = await store.list('agent', tenant)
      const answers = await Promise.all(agents.map((agent) => service.promote(operator, agent, 'bookkeeping:light', {})))
      return answers.map(({ promoted }) => promoted)
    }
    case 'wait':
      clock.advance(step.hours * 3_600_000)
      return null
  }
}

/** All documents of a tenant, by kind and id. */
export async function documentsOf(
  { store }: Pick<TestService, 'store'>,
  tenant: string,
): Promise<Readonly<Record<string, Documents[DocumentKind]>>> {
  const named = await Promise.all(
    DOCUMENT_KINDS.map(async (kind) => (await store.list(kind, tenant)).map((id) => ({ kind, tenant, id }))),
  )
  return store.read([], (view) =>
    Object.fromEntries(named.flat().map((key) => [`${key.kind}/${key.id}`, view.document(key)] as const)),
  ) as Promise<Readonly<Record<string, Documents[DocumentKind]>>>
}

/** Text without ids, leaf places and state versions: what may differ between two services that did the same. */
export function withoutPlaces(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/gu, 'ID')
    .replaceAll(/"(?:leaf_index|state_version|request_digest)":(?:\d+|null|"[0-9a-f]+")/gu, '')
}
