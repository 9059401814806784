import { VERB_ROLES } from '../../access/authority.ts'
import type { Endpoint } from '../endpoint.ts'

/** The endpoints of OPA's interface by their operation ids. */
export const OPA_ENDPOINTS = {
  queryData: {
    method: 'post',
    path: '/v1/data/{path}',
    convention: 'opa',
    summary: "OPA's data API: `gradus/decision`, `gradus/allow` and the configured entrypoints, graduated and recorded.",
    roles: VERB_ROLES.decide,
    body: 'DataRequest',
    rated: 'decisions',
    answer: { status: 200, schema: 'DataResponse' },
  },
  readData: {
    method: 'get',
    path: '/v1/data/{path}',
    convention: 'opa',
    summary: "OPA's data API with the input as the query parameter `input`.",
    roles: VERB_ROLES.decide,
    rated: 'decisions',
    answer: { status: 200, schema: 'DataResponse' },
  },
  queryDataV0: {
    method: 'post',
    path: '/v0/data/{path}',
    convention: 'opa',
    summary: "OPA's first data API: the body is the input, the answer is the bare result.",
    roles: VERB_ROLES.decide,
    body: 'Json',
    rated: 'decisions',
    answer: { status: 200, schema: 'Json' },
    refusals: ['not_found'],
  },
  uploadLog: {
    method: 'post',
    path: '/logs',
    convention: 'opa',
    summary:
      "Decision logs as OPA's `decision_logs` plugin uploads them, plain or gzip; each entry becomes an observed decision.",
    roles: VERB_ROLES.upload_log,
    body: 'DecisionLog',
    gzip: true,
    rated: 'decisions',
    answer: { status: 200, schema: 'LogAnswer' },
    refusals: ['not_ready'],
  },
  diagnoseBase: {
    method: 'post',
    path: '/v1/diagnostics/base/{path}',
    convention: 'opa',
    summary: 'The raw answer of a base entrypoint, not graduated, for an auditor.',
    roles: VERB_ROLES.diagnose_base,
    body: 'DataRequest',
    answer: { status: 200, schema: 'DataResponse' },
  },
  health: {
    method: 'get',
    path: '/health',
    convention: 'opa',
    summary: 'Whether this instance should get traffic: 200, or 500 with the reason.',
    roles: 'public',
    answer: { status: 200, schema: 'Health' },
  },
  metrics: {
    method: 'get',
    path: '/metrics',
    convention: 'opa',
    summary: 'Metrics in the text format of Prometheus.',
    roles: VERB_ROLES.read_metrics,
    answer: { status: 200, schema: 'text' },
  },
} as const satisfies Record<string, Endpoint>
