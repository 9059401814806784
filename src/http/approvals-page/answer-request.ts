import type { z } from 'zod'

import { type ResumptionAnswer, ResumptionReport } from '../../approvals/wire.ts'
import type { Service } from '../../service/service.ts'
import type { Fault, Reply } from '../exchange.ts'
import type { PipelineDeps } from '../pipeline.ts'
import type { Form } from './form.ts'
import type { Frame } from './layout.ts'
import { reasonProblem } from './message-views.ts'
import { readLookAlikes } from './read-list.ts'
import { requestPage } from './request-view.ts'
import type { Session } from './sessions.ts'

/** What it takes to resume a request. */
type ResumeDeps = Pick<PipelineDeps, 'charge'> & { readonly service: Service; readonly nowMs: () => number }

/**
 * Takes somebody's word that a paused request goes on, about the pauses that the form names. Undefined: it is recorded, and the session
 * has the notice of it; otherwise what is wrong with the form.
 */
export async function resumeRequest(
  { service, charge, nowMs }: ResumeDeps,
  frame: Frame & { readonly session: Session },
  id: string,
  { reason = '', pauses = '' }: Form,
): Promise<Reply | Fault | undefined> {
  const { session } = frame
  const report = ResumptionReport.required().safeParse({ reason, pauses: pauses.split('\n') })
  if (!report.success) return refusedForm({ service, nowMs }, frame, id, { form: 'resuming', error: report.error, reason })
  const tooMany = charge(session.caller, 'reports', 1)
  if (tooMany !== undefined) return tooMany
  session.notice = noticeOf(await service.resumeDecision(session.caller, id, report.data))
  return undefined
}

function noticeOf({ resumed, people, people_needed: needed }: ResumptionAnswer): string {
  if (resumed) return 'Your word is recorded. The request goes on.'
  const missing = needed - people.length
  return `Your word is recorded. ${missing === 1 ? 'One more person has' : `${missing} more people have`} to say that it goes on.`
}

/** A form about a request that was not accepted: which one, what is wrong with it, and the reason that was typed. */
type RefusedForm = { readonly form: 'refused' | 'resuming'; readonly error: z.ZodError; readonly reason: string }

/** The page again, with what was typed, where only the reason is wrong; a form that is not ours is a fault. */
export async function refusedForm(
  { service, nowMs }: { readonly service: Service; readonly nowMs: () => number },
  frame: Frame & { readonly session: Session },
  id: string,
  { form, error, reason }: RefusedForm,
): Promise<Reply | Fault> {
  if (error.issues.some(({ path }) => path[0] !== 'reason'))
    return { code: 'bad_request', message: 'The form is not complete.', fix: 'Open the request again and use its form.' }
  const view = await service.approval(frame.session.caller, id)
  const alike = await readLookAlikes(service, frame.session.caller, view)
  return requestPage(frame, view, nowMs(), { [form]: { reason, problem: reasonProblem(reason) }, alike })
}
