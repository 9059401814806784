import type { Caller } from '../../model/caller.ts'
import { ServiceError } from '../../model/error.ts'
import { Request } from '../../model/request.ts'
import type { Ask, Service } from '../../service/service.ts'
import { json, refuse, type Exchange, type Fault, type Handler, type Parsed, type Reply } from '../exchange.ts'
import { faultOf, isOurs, PROBLEMS, toldMessage } from '../problems.ts'
import { check, parseAs } from '../validate.ts'
import { authzenDecision } from './answer.ts'
import { Evaluation, Evaluations, type AuthzenDecision, type Semantic } from './schema.ts'

/** Items of a batch that are decided at the same time. */
export const BATCH_CONCURRENCY = 32

/** What the AuthZEN handlers need. */
export type AuthzenOptions = {
  readonly service: Service
  /** False: answers carry the decision alone. */
  readonly withContext: boolean
  /** Where this decision point is reached, without a slash at the end. */
  readonly publicUrl: () => string
  readonly onError: (error: unknown, requestId: string) => void
}

/** Handlers of AuthZEN. */
export type AuthzenHandlers = Readonly<Record<'evaluate' | 'evaluateAll' | 'describePdp', Handler>>

/** Handlers of AuthZEN's Authorization API 1.0: evaluation, evaluations and metadata. */
export function createAuthzenHandlers(options: AuthzenOptions): AuthzenHandlers {
  return {
    evaluate: async (exchange) => {
      const parsed = parseAs(Evaluation, exchange.body)
      return parsed.ok ? single(options, exchange, parsed.value) : parsed.fault
    },
    evaluateAll: async (exchange) => {
      const parsed = parseAs(Evaluations, exchange.body)
      return parsed.ok ? batch(options, exchange, parsed.value) : parsed.fault
    },
    describePdp: () => {
      const url = options.publicUrl()
      return json({
        policy_decision_point: url,
        access_evaluation_endpoint: `${url}/access/v1/evaluation`,
        access_evaluations_endpoint: `${url}/access/v1/evaluations`,
      })
    },
  }
}

async function single(options: AuthzenOptions, exchange: Exchange, evaluation: unknown): Promise<Reply | Fault> {
  const request = check(Request, evaluation)
  if (!request.ok) return request.fault
  return json(await decide(options, exchange, request.value))
}

async function decide({ service, withContext }: AuthzenOptions, exchange: Exchange, request: Request): Promise<AuthzenDecision> {
  const { caller, requestId, traceparent } = exchange
  const ask: Ask = { request, protocol: 'authzen', requestId, ...(traceparent === undefined ? {} : { traceparent }) }
  return authzenDecision(await service.evaluate(caller, ask), caller, withContext)
}

/** Without items a batch is a single evaluation of its defaults. */
async function batch(options: AuthzenOptions, exchange: Exchange, body: Evaluations): Promise<Reply | Fault> {
  const { evaluations = [], options: { evaluations_semantic: semantic = 'execute_all' } = {}, ...defaults } = body
  if (evaluations.length === 0) {
    const whole = check(Evaluation, defaults)
    return whole.ok ? single(options, exchange, whole.value) : whole.fault
  }
  const requests = evaluations.map((item, index) => itemRequest(defaults, item, index))
  const evaluate = (request: Parsed<Request>): Promise<AuthzenDecision> => decideItem(options, exchange, request)
  const results = semantic === 'execute_all' ? await all(requests, evaluate) : await until(requests, evaluate, semantic)
  return json({ evaluations: results })
}

/** An item over the defaults: a key of the item replaces the whole entity. */
function itemRequest(defaults: object, item: unknown, index: number): Parsed<Request> {
  const prefix = `/evaluations/${index}`
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return refuse('bad_request', `${prefix}: an evaluation is an object`, {
      errors: [{ pointer: prefix, message: 'an evaluation is an object' }],
    })
  }
  const projected = check(Evaluation, { ...defaults, ...item }, prefix)
  return projected.ok ? check(Request, projected.value, prefix) : projected
}

async function decideItem(options: AuthzenOptions, exchange: Exchange, request: Parsed<Request>): Promise<AuthzenDecision> {
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
  return { decision: false, context: { error: { status: PROBLEMS[fault.code].status, message: toldMessage(fault) } } }
}

type Evaluate = (request: Parsed<Request>) => Promise<AuthzenDecision>

/** Decides all, some at a time, in order. */
async function all(requests: readonly Parsed<Request>[], evaluate: Evaluate): Promise<readonly AuthzenDecision[]> {
  const results: AuthzenDecision[] = []
  for (let at = 0; at < requests.length; at += BATCH_CONCURRENCY) {
    results.push(...(await Promise.all(requests.slice(at, at + BATCH_CONCURRENCY).map(evaluate))))
  }
  return results
}

/** Decides one after the other up to and with the deciding item: what follows is never decided, so never recorded or charged. */
async function until(
  requests: readonly Parsed<Request>[],
  evaluate: Evaluate,
  semantic: Exclude<Semantic, 'execute_all'>,
): Promise<readonly AuthzenDecision[]> {
  const stopsAt = semantic === 'permit_on_first_permit'
  const results: AuthzenDecision[] = []
  for (const request of requests) {
    const result = await evaluate(request)
    results.push(result)
    if (result.decision === stopsAt) break
  }
  return results
}
