import { VERB_ROLES } from '../../access/authority.ts'
import type { DecisionRequest } from '../../decisions/decision-request.ts'
import type { DecisionAnswer } from '../../decisions/wire.ts'
import type { JsonValue } from '../../format/json-value.ts'
import type { PolicyEvaluation } from '../../model/evaluation.ts'
import { Request } from '../../model/request.ts'
import type { InputMapping } from '../../policy/settings.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Exchange, type Fault, type Handler, type Parsed, refuseRequest, type Reply } from '../exchange.ts'
import { checkShape, parseBody } from '../input.ts'
import { opaReply, sortKeys } from './form.ts'
import { mappedRequest } from './mapping.ts'
import { dataPath, dataTarget, select, type Target } from './path.ts'

const NO_INPUT = { code: 'api_usage_warning', message: "'input' key missing from the request" } as const
const V1 = '/v1/data'
const V0 = '/v0/data'
const DIAGNOSTIC = '/v1/diagnostics/base'
const NOT_FOUND = 404
const FAILED = 500
/** OPA's names of what can fail in an evaluation; anything else is internal. */
const EVALUATION_CODES: Readonly<Record<string, string>> = { conflict: 'eval_conflict_error', builtin: 'eval_builtin_error' }

/** What the data API needs to know of the configuration. */
export type DataApiOptions = {
  readonly service: Service
  readonly entrypoints: readonly string[]
  readonly mapping: InputMapping | undefined
}

/** OPA's data API: graduated and recorded decisions. */
export const DATA_ENDPOINTS = {
  queryData: {
    method: 'post',
    path: '/v1/data/{path}',
    convention: 'opa',
    lane: 'decision',
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
    lane: 'decision',
    summary: "OPA's data API with the input as the query parameter `input`.",
    roles: VERB_ROLES.decide,
    rated: 'decisions',
    answer: { status: 200, schema: 'DataResponse' },
  },
  queryDataV0: {
    method: 'post',
    path: '/v0/data/{path}',
    convention: 'opa',
    lane: 'decision',
    summary: "OPA's first data API: the body is the input, the answer is the bare result.",
    roles: VERB_ROLES.decide,
    body: 'Json',
    rated: 'decisions',
    answer: { status: 200, schema: 'Json' },
    refusals: ['not_found'],
  },
} as const satisfies Record<string, Endpoint>

/** The raw base, not graduated. */
export const DIAGNOSTIC_ENDPOINTS = {
  diagnoseBase: {
    method: 'post',
    path: '/v1/diagnostics/base/{path}',
    convention: 'opa',
    lane: 'reading',
    summary: 'The raw answer of a base entrypoint, not graduated, for an auditor.',
    roles: VERB_ROLES.diagnose_base,
    body: 'DataRequest',
    answer: { status: 200, schema: 'DataResponse' },
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of the data API. */
export type DataHandlers = Readonly<Record<keyof (typeof DATA_ENDPOINTS & typeof DIAGNOSTIC_ENDPOINTS), Handler>>

/** What a path and an input come to: a result, or undefined; with the decision it is recorded as. */
type Answered = { readonly result: unknown; readonly decisionId?: string }

/** Handlers of OPA's data API. Every decision there is graduated and recorded; the raw base is on the diagnostic path only. */
export function createDataHandlers(options: DataApiOptions): DataHandlers {
  return {
    queryData: async (exchange) => {
      const input = inputOfBody(exchange.body)
      return input.ok
        ? envelope(exchange, await answerPath(options, exchange, V1, input.value), input.value === undefined)
        : input.fault
    },
    readData: async (exchange) => {
      const input = inputOfQuery(exchange.query)
      return input.ok ? envelope(exchange, await answerPath(options, exchange, V1, input.value), false) : input.fault
    },
    queryDataV0: async (exchange) => {
      const input = exchange.body.byteLength === 0 ? { ok: true as const, value: undefined } : parseInput(exchange.body)
      return input.ok ? bare(exchange, await answerPath(options, exchange, V0, input.value)) : input.fault
    },
    diagnoseBase: (exchange) => diagnose(options, exchange),
  }
}

/** `{"input": …}`; an empty body and an input of null are no input, other members are ignored, all as OPA does. */
function inputOfBody(body: Uint8Array): Parsed<JsonValue | undefined> {
  if (body.byteLength === 0) return { ok: true, value: undefined }
  const parsed = parseInput(body)
  if (!parsed.ok) return parsed
  const { value } = parsed
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuseRequest('bad_request', 'body contains malformed input document: it is not an object', {
      fix: 'Send {"input": …}.',
    })
  }
  const input = (value as { readonly [key: string]: JsonValue })['input']
  return { ok: true, value: input ?? undefined }
}

function parseInput(body: Uint8Array): Parsed<JsonValue> {
  const parsed = parseBody(body)
  if (parsed.ok) return parsed
  return { ok: false, fault: { ...parsed.fault, message: `body contains malformed input document: ${parsed.fault.message}` } }
}

/** `?input=…`; the last one counts. */
function inputOfQuery(query: URLSearchParams): Parsed<JsonValue | undefined> {
  const given = query.getAll('input').at(-1)
  if (given === undefined) return { ok: true, value: undefined }
  const parsed = parseBody(Buffer.from(given))
  if (parsed.ok) return { ok: true, value: parsed.value ?? undefined }
  return {
    ok: false,
    fault: { ...parsed.fault, message: `parameter contains malformed input document: ${parsed.fault.message}` },
  }
}

async function answerPath(
  options: DataApiOptions,
  exchange: Exchange,
  prefix: string,
  input: JsonValue | undefined,
): Promise<Answered | Fault> {
  const path = dataPath(exchange.path, prefix)
  if (!path.ok) return path.fault
  const target = dataTarget(path.value, options.entrypoints)
  if (target === undefined || input === undefined) return { result: undefined }
  const { entrypoint } = target
  const mapping = entrypoint === undefined ? undefined : options.mapping
  const ask = askOf(exchange, { entrypoint, mapping }, input)
  if (!ask.ok) return ask.fault
  let base: PolicyEvaluation | undefined
  const shaped: DecisionRequest = { ...ask.value, onBase: (evaluation) => (base = evaluation) }
  const answer = await options.service.evaluate(exchange.caller, shaped)
  return { result: select(resultOf(target, answer, base), target.inside), decisionId: answer.decision_id }
}

/** What the base is asked: an entrypoint of its own instead of the configured one, and an input of its own that is mapped. */
type BaseTarget = { readonly entrypoint: string | undefined; readonly mapping: InputMapping | undefined }

function askOf(exchange: Exchange, { entrypoint, mapping }: BaseTarget, input: JsonValue): Parsed<DecisionRequest> {
  const request = mapping === undefined ? checkShape(Request, input, '/input') : mappedRequest(input, mapping)
  if (!request.ok) return request
  const { requestId, traceparent, network } = exchange
  return {
    ok: true,
    value: {
      request: request.value,
      ...(mapping === undefined ? {} : { baseInput: input }),
      ...(entrypoint === undefined ? {} : { entrypoint }),
      protocol: 'opa',
      requestId,
      network,
      ...(traceparent === undefined ? {} : { traceparent }),
    },
  }
}

/**
 * The shape the client expects. `gradus/allow` is a strict boolean. A configured entrypoint is shaped like its base: an object
 * where that answered an object, nothing where it was undefined, otherwise a boolean, which a client that tests for truth
 * cannot mistake.
 */
function resultOf({ kind }: Target, answer: DecisionAnswer, base: PolicyEvaluation | undefined): unknown {
  const allow = answer.decision
  if (kind === 'allow') return allow
  if (kind === 'decision') return sortKeys({ ...answer, allow, allowed: allow })
  if (base?.kind === 'undefined') return undefined
  if (base?.kind !== 'value' || typeof base.value !== 'object' || base.value === null) return allow
  const { decision_id, outcome, reasons, obligations, guardrails, valid_until } = answer
  return sortKeys({ allow, allowed: allow, decision_id, outcome, reasons, obligations, guardrails, valid_until })
}

function envelope(exchange: Exchange, answered: Answered | Fault, warn: boolean): Reply | Fault {
  if ('code' in answered) return answered
  const { result, decisionId } = answered
  const members = {
    ...(decisionId === undefined ? {} : { decision_id: decisionId }),
    ...(result === undefined ? {} : { result }),
    ...(warn ? { warning: NO_INPUT } : {}),
  }
  return opaReply(members, { pretty: isOn(exchange.query, 'pretty') })
}

function bare(exchange: Exchange, answered: Answered | Fault): Reply | Fault {
  if ('code' in answered) return answered
  const pretty = isOn(exchange.query, 'pretty')
  if (answered.result !== undefined) return opaReply(answered.result, { pretty })
  const name = ['data', ...exchange.path.slice(V0.length).split('/')].filter((segment) => segment !== '').join('.')
  return opaReply({ code: 'undefined_document', message: `document missing: ${name}` }, { status: NOT_FOUND, pretty: true })
}

/** OPA's boolean parameters: on when present without a value, or with `true`. */
function isOn(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  return value === '' || value?.toLowerCase() === 'true'
}

/** The raw base, asked as a decision on the same path would ask it. */
async function diagnose(options: DataApiOptions, exchange: Exchange): Promise<Reply | Fault> {
  const input = inputOfBody(exchange.body)
  if (!input.ok) return input.fault
  const path = dataPath(exchange.path, DIAGNOSTIC)
  if (!path.ok) return path.fault
  const pretty = isOn(exchange.query, 'pretty')
  if (input.value === undefined) return opaReply({ warning: NO_INPUT }, { pretty })
  const entrypoint = path.value.join('/')
  const mapping = options.entrypoints.includes(entrypoint) ? options.mapping : undefined
  const ask = askOf(exchange, { entrypoint, mapping }, input.value)
  if (!ask.ok) return ask.fault
  const evaluation = await options.service.diagnoseBase(exchange.caller, ask.value)
  if (evaluation.kind === 'undefined') return opaReply({}, { pretty })
  if (evaluation.kind === 'value') return opaReply({ result: sortKeys(evaluation.value) }, { pretty })
  if (evaluation.cause === 'entrypoint') return { code: 'not_found', message: evaluation.message }
  const errors = [{ code: EVALUATION_CODES[evaluation.cause] ?? 'eval_internal_error', message: evaluation.message }]
  return opaReply(
    { code: 'internal_error', message: 'error(s) occurred while evaluating query', errors },
    { status: FAILED, pretty: true },
  )
}
