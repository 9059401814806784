import { VERB_ROLES } from '../../access/authority.ts'
import type { Caller } from '../../access/caller.ts'
import type { DecisionRequest } from '../../decisions/decision-request.ts'
import { ServiceError } from '../../format/error.ts'
import { Request } from '../../model/request.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Exchange, type Fault, type Handler, jsonReply, type Reply } from '../exchange.ts'
import { checkShape, parseAs } from '../input.ts'
import { faultOf, isOurs, PROBLEMS, publicMessage } from '../problems.ts'
import { authzenDecision } from './answer.ts'
import { decideItems, EVALUATIONS_VALUES_MAX, type Item, itemsOf } from './batch.ts'
import { type AuthzenDecision, AuthzenEvaluation, Evaluations } from './schema.ts'

/** What the AuthZEN handlers need. */
export type AuthzenOptions = {
  readonly service: Service
  /** False: answers carry the decision alone. */
  readonly withContext: boolean
  /** Where this decision point is reached, without a slash at the end. */
  readonly publicUrl: () => string
  /** Most bytes that the requests of one batch have together, the defaults counted in each. */
  readonly batchBytesMax: number
  readonly onError: (error: unknown, requestId: string) => void
}

/** The endpoints of AuthZEN by their operation ids. */
export const AUTHZEN_ENDPOINTS = {
  evaluate: {
    method: 'post',
    path: '/access/v1/evaluation',
    convention: 'authzen',
    lane: 'decision',
    summary: 'AuthZEN access evaluation.',
    roles: VERB_ROLES.decide,
    body: 'Evaluation',
    rated: 'decisions',
    answer: { status: 200, schema: 'AuthzenDecision' },
  },
  evaluateAll: {
    method: 'post',
    path: '/access/v1/evaluations',
    convention: 'authzen',
    lane: 'batch',
    summary: 'AuthZEN access evaluations (batch).',
    roles: VERB_ROLES.decide,
    body: 'Evaluations',
    rated: 'decisions',
    answer: { status: 200, schema: 'AuthzenDecisions' },
  },
  describePdp: {
    method: 'get',
    path: '/.well-known/authzen-configuration',
    convention: 'authzen',
    summary: 'AuthZEN metadata.',
    roles: 'public',
    answer: { status: 200, schema: 'AuthzenConfiguration' },
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of AuthZEN. */
export type AuthzenHandlers = Readonly<Record<keyof typeof AUTHZEN_ENDPOINTS, Handler>>

/** Handlers of AuthZEN's Authorization API 1.0: evaluation, evaluations and metadata. */
export function createAuthzenHandlers(options: AuthzenOptions): AuthzenHandlers {
  return {
    evaluate: async (exchange) => {
      const parsed = parseAs(AuthzenEvaluation, exchange.body)
      return parsed.ok ? single(options, exchange, parsed.value) : parsed.fault
    },
    evaluateAll: async (exchange) => {
      const parsed = parseAs(Evaluations, exchange.body, { valuesMax: EVALUATIONS_VALUES_MAX })
      return parsed.ok ? batch(options, exchange, parsed.value) : parsed.fault
    },
    describePdp: () => {
      const url = options.publicUrl()
      return jsonReply({
        policy_decision_point: url,
        access_evaluation_endpoint: `${url}/access/v1/evaluation`,
        access_evaluations_endpoint: `${url}/access/v1/evaluations`,
      })
    },
  }
}

async function single(options: AuthzenOptions, exchange: Exchange, evaluation: unknown): Promise<Reply | Fault> {
  const request = checkShape(Request, evaluation)
  if (!request.ok) return request.fault
  return jsonReply(await decide(options, exchange, request.value))
}

async function decide({ service, withContext }: AuthzenOptions, exchange: Exchange, request: Request): Promise<AuthzenDecision> {
  const { caller, requestId, traceparent, network } = exchange
  const trace = { requestId, network, ...(traceparent === undefined ? {} : { traceparent }) }
  const ask: DecisionRequest = { request, protocol: 'authzen', ...trace }
  return authzenDecision(await service.evaluate(caller, ask), caller, withContext)
}

/** Without items a batch is a single evaluation of its defaults. */
async function batch(options: AuthzenOptions, exchange: Exchange, body: Evaluations): Promise<Reply | Fault> {
  const { evaluations = [], options: { evaluations_semantic: semantic = 'execute_all' } = {}, ...defaults } = body
  if (evaluations.length === 0) {
    const whole = parseAs(AuthzenEvaluation, exchange.body)
    return whole.ok ? single(options, exchange, whole.value) : whole.fault
  }
  const items = itemsOf(defaults, evaluations, options.batchBytesMax)
  if (!items.ok) return items.fault
  const tooMany = exchange.charge(evaluations.length - 1)
  if (tooMany !== undefined) return tooMany
  const decisions = await decideItems(items.value, (item) => decideItem(options, exchange, item), semantic)
  return jsonReply({ evaluations: decisions })
}

async function decideItem(options: AuthzenOptions, exchange: Exchange, request: Item): Promise<AuthzenDecision> {
  if (!request.ok) return refusedItem(options, request.fault)
  try {
    return await decide(options, exchange, request.value)
  } catch (error) {
    if (concernsTheCall(error, exchange.caller)) throw error
    if (isOurs(error)) options.onError(error, exchange.requestId)
    return refusedItem(options, faultOf(error))
  }
}

/** A caller who may not decide at all may decide no item; one that may not ask for this subject may ask for the next. */
function concernsTheCall(error: unknown, caller: Caller): boolean {
  if (!(error instanceof ServiceError)) return false
  return error.code === 'unauthenticated' || (error.code === 'forbidden' && caller.agent === undefined)
}

function refusedItem({ withContext }: AuthzenOptions, fault: Fault): AuthzenDecision {
  if (!withContext) return { decision: false }
  return { decision: false, context: { error: { status: PROBLEMS[fault.code].status, message: publicMessage(fault) } } }
}
