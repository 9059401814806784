// The noisy neighbours of fairness.mjs.
import { gzipSync } from 'node:zlib'

const AGENT = 'coding-agent'
const AGENTS = ['coding-agent', 'finance-agent', 'support-agent', 'research-agent']
const PAGE = 'limit=1000'

const json = { 'content-type': 'application/json' }
const emptyLines = Buffer.from('{}\n'.repeat(49_000))
const longLines = Buffer.from(
  `${JSON.stringify({ decision_id: 'x', path: 'a', input: { of: 'x'.repeat(200) } })}\n`.repeat(4_000),
)
const hugeEntry = gzipSync(`{"input":"${'x'.repeat(12_000_000)}"}`)
const manyValues = gzipSync(`{"input":[${'{"a":1},'.repeat(1_000_000)}0]}`)
const zipped = gzipSync(Buffer.concat([longLines, longLines, longLines, longLines]))
const signals = Buffer.from(
  JSON.stringify(
    Array.from({ length: 1_000 }, (_, at) => ({
      specversion: '1.0',
      id: `s-${at}`,
      source: '/noise',
      type: 'org.unknown',
      data: {},
    })),
  ),
)
const item = (at) => ({
  subject: { type: 'agent', id: AGENT },
  action: { name: 'read_file', properties: { arguments: { path: `a/${at}` } } },
  resource: { type: 'file', id: `a/${at}`, properties: { classification: 'internal' } },
})
const evaluations = Buffer.from(JSON.stringify({ evaluations: Array.from({ length: 50 }, (_, at) => item(at)) }))
const formOf = (url) => ({
  'content-type': 'application/x-www-form-urlencoded',
  'sec-fetch-site': 'same-origin',
  origin: url.replace(/\/$/u, ''),
})

/** What each kind of neighbour asks for: method, path, token, headers, body. */
export const noisyKinds = (url, ids) => ({
  'trust histories, its own': () => ['GET', `/api/v1/agents/${AGENT}/trust/history?${PAGE}`, 'own'],
  'trust histories of a tenant': (at) => ['GET', `/api/v1/agents/${AGENTS[at % AGENTS.length]}/trust/history?${PAGE}`, 'auditor'],
  'pages of the log': (at) => ['GET', `/api/v1/audit/records?${PAGE}&from=${(at % 50) * 100}`, 'auditor'],
  'searching the log in vain': (at) => ['GET', `/api/v1/audit/records?${PAGE}&user=nobody-${at}`, 'auditor'],
  'list of approvals': () => ['GET', '/api/v1/approvals', 'approver'],
  'page of approvals': () => ['GET', '/approvals', 'approver'],
  'list of incidents': () => ['GET', '/api/v1/incidents', 'operator'],
  'list of agents': () => ['GET', `/api/v1/agents?${PAGE}`, 'auditor'],
  'list of proposals': () => ['GET', '/api/v1/proposals', 'auditor'],
  explanations: (at) => ['GET', `/api/v1/decisions/${ids[at % ids.length]}/explanation`, 'auditor'],
  proofs: (at) => ['GET', `/api/v1/audit/proofs/${ids[at % ids.length]}`, 'auditor'],
  metrics: () => ['GET', '/metrics', 'auditor'],
  'uploads, 49,000 empty entries': () => ['POST', '/logs', 'uploader', json, emptyLines],
  'uploads, 4,000 wrong entries': () => ['POST', '/logs', 'uploader', json, longLines],
  'uploads, gzip': () => ['POST', '/logs', 'uploader', { ...json, 'content-encoding': 'gzip' }, zipped],
  'uploads, gzip, one huge string': () => ['POST', '/logs', 'uploader', { ...json, 'content-encoding': 'gzip' }, hugeEntry],
  'uploads, gzip, a million values': () => ['POST', '/logs', 'uploader', { ...json, 'content-encoding': 'gzip' }, manyValues],
  'batches of refused signals': () => [
    'POST',
    '/api/v1/signals',
    'detectors',
    { 'content-type': 'application/cloudevents-batch+json' },
    signals,
  ],
  'batches of decisions': () => ['POST', '/access/v1/evaluations', 'gateway', json, evaluations],
  'wrong tokens': (at) => ['POST', '/api/v1/decisions', `wrong-${at}`, json, Buffer.from(JSON.stringify(item(at)))],
  'wrong sign-ins': (at) => ['POST', '/approvals/sign-in', undefined, formOf(url), Buffer.from(`token=wrong-${at}`)],
  'streams that nobody reads': () => ['GET', '/api/v1/events?since=0', 'auditor'],
})
