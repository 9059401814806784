import { join } from 'node:path'

import { z } from 'zod'

import type { Caller } from '../access/caller.ts'
import { type ConfigFile, PACKAGE_ROOT } from '../config/load-config.ts'
import type { DecisionRequest } from '../decisions/decision-request.ts'
import type { DecisionAnswer } from '../decisions/wire.ts'
import { ServiceError } from '../format/error.ts'
import { readFileText } from '../format/read-text.ts'
import { DAY_MS } from '../format/time.ts'
import { parseYaml } from '../format/yaml.ts'
import type { Store } from '../ledger/store.ts'
import { OutcomeClass } from '../model/outcome-classes.ts'
import { Request } from '../model/request.ts'
import type { Service } from '../service/service.ts'
import { openService } from './compose.ts'

/** The demonstration's past begins at most this long ago, ms. */
const PAST_MS_MAX = 366 * DAY_MS

/** The history of the example organisation: what each agent asked for, how often, and how it came out. */
const History = z.strictObject({
  days: z.int().min(1).max(365),
  /** Steps a day; each asks once per entry that is still going on. */
  steps_per_day: z.int().min(1).max(200),
  entries: z.array(
    z.strictObject({
      request: Request,
      /** Asked in every nth step. */
      every: z.int().min(1).default(1),
      outcome: OutcomeClass,
      /** Every nth decision came out otherwise. */
      exceptions: z.array(z.strictObject({ every: z.int().min(2), outcome: OutcomeClass })).default([]),
    }),
  ),
})

/** The credentials under which the demonstration reports what its imaginary detectors and two verifiers saw. */
function demoCaller(credential: 'demo-detectors' | 'demo-tests' | 'demo-monitor' = 'demo-detectors'): Caller {
  return {
    tenant: 'default',
    credential,
    roles: ['signal_source', 'verifier', 'enforcement_point'],
    human_subject_types: [],
    supported_obligations: ['rollback_handle', 'redact_sensitive'],
    verified_facts: ['checks_passed', 'complexity', 'source_verified'],
    trusted_composition: true,
    verifier: 'deterministic',
    layers: ['identity', 'behaviour', 'context'],
  }
}

const LAYERS = ['identity', 'behaviour', 'context'] as const

/** Reports that the detectors of the three layers looked at a decision and found nothing. */
async function reportClean(service: Service, answer: DecisionAnswer, eventTime?: string): Promise<void> {
  if (!answer.recorded || answer.trust === null || !(answer.decision || answer.advice.includes('record_proposal'))) return
  await Promise.all(
    LAYERS.map((layer) =>
      service
        .reportSignal(demoCaller(), {
          decision_id: answer.decision_id,
          layer,
          class: 'clean',
          ...(eventTime === undefined ? {} : { event_time: eventTime }),
        })
        .catch((error: unknown) => {
          if (!(error instanceof ServiceError)) throw error
        }),
    ),
  )
}

/** Where the history is, in the package. */
export function demoHistoryFile(packageRoot: string): string {
  return join(packageRoot, 'examples', 'organisation', 'history.yaml')
}

/** The example organisation's past, lived by the service itself on a clock of its own; returns how many decisions were made. */
export async function liveDemoPast(loaded: ConfigFile, store: Store, endMs: number): Promise<number> {
  let nowMs = endMs - PAST_MS_MAX
  const past = await openService(loaded, unclosable(store), { clock: { nowMs: () => nowMs, steady: () => true } })
  try {
    return await liveThrough(past, demoHistoryFile(PACKAGE_ROOT), endMs, (ms) => (nowMs = ms))
  } finally {
    await past.close()
  }
}

/** The store as a service sees it that does not own it. */
function unclosable(store: Store): Store {
  return { ...store, close: () => Promise.resolve() }
}

/**
 * Lives through the example organisation's history with the real service on a clock that `at` sets: every decision, signal,
 * outcome and promotion is a record like any other. Returns how many decisions were made.
 */
export async function liveThrough(service: Service, file: string, endMs: number, at: (ms: number) => void): Promise<number> {
  const history = parseYaml(file, await readFileText(file), History, 'bad_config')
  const steps = history.days * history.steps_per_day
  const stepMs = DAY_MS / history.steps_per_day
  const counts = history.entries.map(() => 0)
  let decisions = 0
  for (let step = 0; step < steps; step += 1) {
    const nowMs = Math.floor(endMs - (steps - step) * stepMs)
    at(nowMs)
    const due = history.entries.flatMap((entry, index) => (step % entry.every === 0 ? [{ entry, index }] : []))
    await Promise.all(
      due.map(async ({ entry, index }) => {
        const count = (counts[index] = (counts[index] ?? 0) + 1)
        const answer = await service.evaluate(demoCaller(), { request: entry.request, protocol: 'native' })
        decisions += 1
        if (!answer.decision && !answer.advice.includes('record_proposal')) return
        const exception = entry.exceptions.find(({ every }) => count % every === 0)
        await Promise.all([
          reportClean(service, answer),
          service.reportOutcome(demoCaller(count % 2 === 0 ? 'demo-tests' : 'demo-monitor'), {
            decision_id: answer.decision_id,
            class: exception?.outcome ?? entry.outcome,
          }),
        ])
      }),
    )
    if (step % history.steps_per_day === history.steps_per_day - 1) await service.promoteDue()
  }
  at(endMs)
  await service.promoteDue()
  return decisions
}

/** The service with its imaginary detectors: each decision that may earn is looked at in three layers, and found clean. */
export function withDemoDetectors(service: Service): Service {
  return {
    ...service,
    evaluate: async (caller: Caller, ask: DecisionRequest) => {
      const answer = await service.evaluate(caller, ask)
      await reportClean(service, answer)
      return answer
    },
  }
}
