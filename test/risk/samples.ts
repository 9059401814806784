import { type ActionClass, CatalogueFile } from '../../src/catalogue/catalogue-file.ts'
import type { Request } from '../../src/model/request.ts'
import { riskFacts, type RiskFacts, type RiskFactSources } from '../../src/risk/facts.ts'
import { RiskDocument } from '../../src/risk/rule-document.ts'

/** A routine write of one record that can be undone: 1 point, band low. */
export const ACTION: ActionClass = {
  name: 'crm.update',
  known: true,
  scope: 'crm',
  stake: 'light',
  category: 'local_reversible_write',
  blast: 1,
  reversibility: 0,
  frequency: 'routine',
  static_points: 1,
  default_level: 4,
  disposition: 'none',
  negative_signal: null,
  classification: null,
  rollback_handle: false,
  reversible_until: null,
  preconditions: [],
  guardrails: {},
  arguments: {},
  namespace: null,
  version: null,
}

/** A request with these arguments. */
export function request(toolArguments?: unknown, context?: Request['context']): Request {
  return {
    subject: { type: 'agent', id: 'support-1' },
    action: { name: 'crm.update', ...(toolArguments === undefined ? {} : { properties: { arguments: toolArguments as never } }) },
    resource: { type: 'record', id: 'r-1' },
    ...(context === undefined ? {} : { context }),
  }
}

/** Tuesday, 10 o'clock, everything known. */
export const SOURCES: RiskFactSources = {
  unclaimed: {},
  vouchedSession: false,
  request: request(),
  action: ACTION,
  agent: { id: 'support-1', known: true, class: 'support', tier: 'standard' },
  trust: { score: 0.85, level_effective: 3, level_granted: 3, confidence: 0.9, failure_bound: 0.05 },
  time: { epoch_ms: 0, iso: '1970-01-01T00:00:00.000Z', hour: 10, weekday: 2 },
  classification: 'internal',
  sensitive: false,
  knownDomains: [],
  knownDestinations: [],
  facts: {},
  counters: { actions_last_hour: 3, denials_last_hour: 0, first_use: false },
  businessHours: [7, 19],
}

/** The facts of the usual request, with changes. */
export function facts(change: Partial<RiskFactSources> = {}): RiskFacts {
  return riskFacts({ ...SOURCES, ...change })
}

/** The facts of a request for an amount. */
export function amountFacts(toolArguments: unknown): RiskFacts {
  return facts({ request: request(toolArguments), action: { ...ACTION, arguments: { amount: '/amount' } } })
}

/** A document with one rule of 2 points under these conditions. */
export function documentOf(conditions: unknown, rule: object = {}, id = 'doc'): RiskDocument {
  return RiskDocument.parse({ id, version: '1', rules: [{ id: 'rule', reason: 'because', conditions, points: 2, ...rule }] })
}

/** A small catalogue, as its file would be parsed. */
export function catalogueFile(change: Record<string, unknown> = {}): CatalogueFile {
  const tool = { scope: 'crm', category: 'local_reversible_write', blast: 1, reversibility: 0, frequency: 'routine' }
  return CatalogueFile.parse({
    version: 1,
    trust_scopes: {
      crm: { level: 'trusted', auto_approve: ['crm.tag'], require_approval: ['crm.merge'], block: ['crm.drop'] },
      mail: {},
    },
    tools: {
      'crm.read': { ...tool, category: 'read_only', blast: 0 },
      'crm.tag': tool,
      'crm.merge': { ...tool, blast: 2 },
      'crm.drop': { ...tool, category: 'destructive', blast: 3, reversibility: 2 },
      'mail.send': { ...tool, scope: 'mail', category: 'external_communication', reversibility: 2, default_level: 2 },
    },
    agents: { 'support-1': { class: 'support', tier: 'low' } },
    ...change,
  })
}
