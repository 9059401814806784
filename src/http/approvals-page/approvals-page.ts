import type { IncomingMessage, ServerResponse } from 'node:http'

import { authorize, namedPerson } from '../../access/authority.ts'
import { type ApprovalAnswer, ApprovalReport } from '../../approvals/wire.ts'
import { overLimit } from '../../format/limit.ts'
import { SECOND_MS } from '../../format/time.ts'
import type { Service } from '../../service/service.ts'
import type { FindCaller } from '../authenticate.ts'
import { type Fault, isFault, readTrace, type Reply } from '../exchange.ts'
import type { Site } from '../origin.ts'
import { holdFrom } from '../connection/byte-budget.ts'
import { write } from '../connection/write-reply.ts'
import { logError, NOBODY_WAITS, type PipelineDeps } from '../pipeline.ts'
import { faultOf, isOurs, PROBLEMS } from '../problems.ts'
import { sourceOf } from '../request-parts.ts'
import { readCookie, setCookie } from './cookie.ts'
import { type Form, readForm, refuseForeignForm, refuseHost } from './form.ts'
import { type Frame, leftText } from './layout.ts'
import { faultPage, sentence, signInPage } from './message-views.ts'
import { linkTo, METHODS, nextOf, PAGE_PATH, type PagePlace, pagePlace, pathOf, queryOf } from './places.ts'
import { refusedForm, resumeRequest } from './answer-request.ts'
import { REFRESH_HEADER } from './script.ts'
import { createSessions, isOwnForm, type Session, type Sessions } from './sessions.ts'
import { showPage } from './show-page.ts'
import { createSignInLimit, SIGN_IN_RATE, type TakeSignIn } from './sign-in-limit.ts'

/** What the page needs. */
export type ApprovalsPageDeps = Pick<
  PipelineDeps,
  'charge' | 'newId' | 'log' | 'metrics' | 'isDraining' | 'requestTimeoutMs' | 'bodies' | 'watchUnread' | 'inLane' | 'holdBack'
> &
  Site & {
    readonly service: Service
    readonly findCaller: FindCaller
    readonly tls: boolean
    readonly nowMs: () => number
  }

/** Answers a request of a browser; never rejects. */
export type ApprovalsPage = (request: IncomingMessage, response: ServerResponse) => Promise<void>

type State = ApprovalsPageDeps & {
  readonly sessions: Sessions
  readonly takeSignIn: TakeSignIn
  /** Path of the list as browsers see it: a public URL may have one in front. */
  readonly base: string
  readonly secure: boolean
}

/**
 * The pages on which people decide, made here and complete without scripts. Reading changes nothing; what changes something is a
 * form of a session, sent by a page of ours.
 */
export function createApprovalsPage(deps: ApprovalsPageDeps): ApprovalsPage {
  const { publicUrl, nowMs } = deps
  const prefix = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/u, '')
  const state: State = {
    ...deps,
    sessions: createSessions(nowMs),
    takeSignIn: createSignInLimit(nowMs),
    base: `${prefix}${PAGE_PATH}`,
    secure: deps.tls || publicUrl?.startsWith('https:') === true,
  }
  return async (request, response) => {
    const startedMs = performance.now()
    const trace = readTrace(request.headers, { echoAny: false, newId: deps.newId })
    const key = readCookie(request.headers.cookie)
    const session = key === undefined ? undefined : state.sessions.find(key, request.headers[REFRESH_HEADER] === undefined)
    const left = new AbortController()
    response.once('close', () => left.abort(NOBODY_WAITS))
    const frame = { base: state.base, session }
    const incoming: Incoming = { request, requestId: trace.requestId, session, frame, left: left.signal }
    const answer = await withinTime(state, incoming)
    const reply = isFault(answer) ? faultPage(incoming.frame, answer, trace.requestId) : answer
    write(response, reply, trace, { draining: deps.isDraining(), source: sourceOf(request), watchUnread: deps.watchUnread })
    const seconds = (performance.now() - startedMs) / SECOND_MS
    deps.metrics.http({ handler: 'approvalsPage', method: request.method ?? '', code: reply.status, seconds })
  }
}

type Incoming = {
  readonly request: IncomingMessage
  readonly requestId: string
  readonly session: Session | undefined
  readonly frame: Frame
  /** Aborted when nobody waits for the answer any more. */
  readonly left: AbortSignal
}

async function withinTime(state: State, incoming: Incoming): Promise<Reply | Fault> {
  const message = `There was no answer within ${state.requestTimeoutMs} ms.`
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Fault>((resolve) => {
    const fault: Fault = { code: 'deadline', message, fix: 'Look at the request again: a verdict may have been recorded.' }
    timer = setTimeout(() => resolve({ ...fault, headers: { Connection: 'close' } }), state.requestTimeoutMs)
  })
  try {
    return await Promise.race([answerSafely(state, incoming), late])
  } finally {
    clearTimeout(timer)
  }
}

async function answerSafely(state: State, incoming: Incoming): Promise<Reply | Fault> {
  try {
    return await answer(state, incoming)
  } catch (error) {
    if (!incoming.request.socket.destroyed && isOurs(error))
      logError(state.log, error, { handler: 'approvalsPage', requestId: incoming.requestId })
    return faultOf(error)
  }
}

async function answer(state: State, incoming: Incoming): Promise<Reply | Fault> {
  const { request } = incoming
  const place = pagePlace(pathOf(request.url ?? ''))
  if (place === undefined) return { code: 'not_found', message: 'There is no such page.' }
  const methods: readonly string[] = METHODS[place.kind]
  if (!methods.includes(request.method ?? '')) {
    const message = `${request.method ?? 'This method'} is not offered here.`
    return { code: 'method_not_allowed', message, headers: { Allow: methods.join(', ') } }
  }
  const foreignHost = refuseHost(request, state)
  if (foreignHost !== undefined) return foreignHost
  return request.method === 'GET' ? show(state, incoming, place) : change(state, incoming, place)
}

/** Reads only; whoever is not signed in is asked to. */
async function show(state: State, { request, session, frame, left }: Incoming, place: PagePlace): Promise<Reply | Fault> {
  if (session === undefined) {
    const fromElsewhere = request.headers['sec-fetch-site'] === 'cross-site'
    const stranger = { tenant: '', credential: sourceOf(request) }
    return state.inLane('reading', stranger, () => signInPage(frame, { next: linkTo(state.base, place), fromElsewhere }), left)
  }
  const query = queryOf(request.url ?? '')
  const read = () => showPage({ service: state.service, nowMs: state.nowMs(), frame: { ...frame, session }, query }, place)
  return state.inLane('reading', session.caller, read, left)
}

/** A form, once it is shown to be of a page of ours and of this session. */
async function change(state: State, incoming: Incoming, place: PagePlace): Promise<Reply | Fault> {
  const { request, session, frame } = incoming
  const foreign = refuseForeignForm(request, state)
  if (foreign !== undefined) return foreign
  const { hold, release } = holdFrom(state.bodies, sourceOf(request))
  const form = await readForm(request, hold).finally(release)
  if (!form.ok) return form.fault
  if (place.kind === 'sign-in') return signIn(state, incoming, form.value)
  if (session === undefined) {
    const problem = { message: 'You are not signed in any more, so nothing was done.', fix: 'Sign in and decide again.' }
    return signInPage(frame, { next: linkTo(state.base, place), problem, status: PROBLEMS.forbidden.status })
  }
  if (!isOwnForm(session, form.value['form_token']))
    return {
      code: 'forbidden',
      message: 'This form is not one of your session, so nothing was done.',
      fix: 'Open the page again and use its form.',
    }
  if (place.kind === 'request') return decide(state, { ...incoming, session }, place.id, form.value)
  if (place.kind === 'resumption')
    return (await resumeRequest(state, { ...frame, session }, place.id, form.value)) ?? seeOther(linkTo(state.base, place))
  state.sessions.close(readCookie(request.headers.cookie) ?? '')
  return seeOther(state.base, setCookie('', cookieScope(state)))
}

/** An approver's token becomes a session, whatever others tried from the same address; a session that there was ends. */
async function signIn(state: State, { request, frame }: Incoming, form: Form): Promise<Reply> {
  const next = nextOf(state.base, form['next'])
  const refuse = (message: string, status: number, fix?: string): Reply => {
    state.log({ level: 'warn', event: 'approvals_sign_in_refused', message, address: addressOf(request) })
    return signInPage(frame, { next, problem: { message, fix }, status })
  }
  const caller = state.findCaller((form['token'] ?? '').trim())
  if (caller === undefined) {
    await state.holdBack(sourceOf(request))
    const seconds = state.takeSignIn(addressOf(request))
    return seconds === undefined
      ? refuse('The token is not known.', PROBLEMS.forbidden.status)
      : tooManyAttempts(frame, next, seconds)
  }
  try {
    authorize(caller, 'approve')
    const { key } = state.sessions.open(caller, namedPerson(caller))
    const former = readCookie(request.headers.cookie)
    if (former !== undefined) state.sessions.close(former)
    return seeOther(next, setCookie(key, cookieScope(state)))
  } catch (error) {
    const { code, message, fix } = faultOf(error)
    return refuse(sentence(message), PROBLEMS[code].status, fix)
  }
}

/** Not logged: whoever tries on fills no log. */
function tooManyAttempts(frame: Frame, next: string, seconds: number): Reply {
  const why = overLimit('From this address there were', 'page.sign_ins_max', { max: SIGN_IN_RATE.burst })
  const problem = { message: `The token is not known. ${why}.`, fix: `Try again in ${seconds} seconds.` }
  const reply = signInPage(frame, { next, problem, status: PROBLEMS.rate_limited.status })
  return { ...reply, headers: { ...reply.headers, 'Retry-After': String(seconds) } }
}

/** A verdict on what was shown: the digest in the form has to be that of the request. */
async function decide(
  state: State,
  { frame, session }: Incoming & { readonly session: Session },
  id: string,
  { verdict, reason = '', request_digest }: Form,
): Promise<Reply | Fault> {
  const report = ApprovalReport.required().safeParse({ verdict, reason, request_digest })
  if (!report.success) return refusedForm(state, { ...frame, session }, id, { form: 'refused', error: report.error, reason })
  const tooMany = state.charge(session.caller, 'reports', 1)
  if (tooMany !== undefined) return tooMany
  const done = await state.service.decideApproval(session.caller, id, report.data)
  session.notice = noticeOf(report.data.verdict, done, state.nowMs())
  return seeOther(linkTo(state.base, { kind: 'request', id }))
}

function noticeOf(verdict: ApprovalReport['verdict'], { approval }: ApprovalAnswer, nowMs: number): string {
  if (verdict === 'reject') return 'Your rejection is recorded. The request cannot run.'
  if (approval.state === 'approved')
    return `Your approval is recorded. The request is approved: it may run once, ${leftText(approval.ends_at, nowMs)}.`
  const missing = approval.approvers_needed - approval.votes.filter((vote) => vote.verdict === 'approve').length
  return `Your approval is recorded. ${missing === 1 ? 'One more person has' : `${missing} more people have`} to approve.`
}

function cookieScope({ base, secure }: State) {
  return { path: base, secure }
}

function seeOther(location: string, cookie?: string): Reply {
  const headers = { Location: location, ...(cookie === undefined ? {} : { 'Set-Cookie': cookie }) }
  return { status: 303, type: 'text/plain; charset=utf-8', body: '', headers }
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? ''
}
