/** The rooms of docs/architecture.md and what each may import of src; the layer checker, the lint and a test read it. */
const UP_TO_PDP = ['format', 'model', 'lattice', 'trust', 'catalogue', 'access', 'detect', 'risk', 'pdp']
const UP_TO_DECISIONS = [...UP_TO_PDP, 'ledger', 'events', 'policy', 'ladder', 'evidence', 'incidents', 'approvals', 'decisions']
const ROOMS = [...UP_TO_DECISIONS, 'permissions', 'reports', 'simulate', 'config', 'service', 'fixtures']
/** What a room may be told: a leaf that every room may import. */
const SETTINGS = '/settings\\.ts$'
const MAY_IMPORT = {
  format: [],
  model: ['format'],
  lattice: ['format', 'model'],
  trust: ['format', 'model'],
  catalogue: ['format', 'model'],
  access: ['format', 'model', 'trust'],
  detect: ['format', 'model', 'catalogue'],
  risk: ['format', 'model', 'lattice', 'trust', 'catalogue'],
  pdp: ['format', 'model', 'lattice', 'trust', 'catalogue', 'risk'],
  ledger: UP_TO_PDP,
  events: [...UP_TO_PDP, 'ledger'],
  policy: [...UP_TO_PDP, 'ledger'],
  ladder: [...UP_TO_PDP, 'ledger', 'policy'],
  evidence: [...UP_TO_PDP, 'ledger', 'policy', 'ladder'],
  incidents: [...UP_TO_PDP, 'ledger', 'policy', 'ladder', 'evidence'],
  approvals: [...UP_TO_PDP, 'ledger', 'policy', 'ladder', 'evidence', 'incidents'],
  decisions: [...UP_TO_PDP, 'ledger', 'policy', 'ladder', 'evidence', 'incidents', 'approvals'],
  permissions: UP_TO_DECISIONS,
  reports: UP_TO_DECISIONS,
  simulate: [...UP_TO_DECISIONS, 'reports'],
  config: ['format', 'model', 'trust', 'access'],
  service: [...UP_TO_DECISIONS, 'permissions', 'reports', 'simulate'],
  fixtures: [...UP_TO_DECISIONS, 'permissions', 'reports', 'simulate', 'service'],
  ...Object.fromEntries(
    ['identity', 'rego', 'audit', 'http', 'webhooks', 'monitoring', 'classifiers'].map((adapter) => [adapter, ROOMS]),
  ),
  // `gradus simulate trust` loads the evaluation of the trust model when it runs.
  cli: [...ROOMS, 'labs'],
  stores: [...ROOMS, 'audit'],
  witness: [...ROOMS, 'audit'],
  labs: ROOMS,
  app: [...ROOMS, 'identity', 'rego', 'audit', 'http', 'webhooks', 'monitoring', 'classifiers', 'cli', 'stores', 'witness'],
}

/** Where nothing has a clock, randomness, I/O or a promise: whole rooms, and the parts of others that are named so. */
const RULES = ['ladder', 'evidence', 'incidents', 'approvals', 'decisions'].map((room) => `${room}/rules`)
const PURE = ['lattice', 'trust', 'detect', 'pdp', 'ledger/fold', ...RULES]

module.exports = { MAY_IMPORT, SETTINGS, PURE }
