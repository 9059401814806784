import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { Decision } from '../model/decision-inputs.ts'
import { ServiceError } from '../model/error.ts'
import type { RiskView } from '../model/graduation-input.ts'
import { derive } from '../service/derive.ts'
import type { DecisionFacts } from '../service/facts.ts'
import { policySetOf } from '../service/replay.ts'
import type { PolicySet } from '../service/policy-set.ts'
import type { Store, StoredRecord } from '../service/ports.ts'
import { reading } from './data-dir.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, exitCodeOfOutcome, type ExitCode } from './exit-codes.ts'
import { drawLadder, remediesOf } from './explain/ladder.ts'
import type { Explained } from './explain/remedies.ts'
import { factsFor, type TrustOptions } from './given.ts'
import { jsonText, painter } from './output.ts'
import { readRequest } from './request-file.ts'

/** Options of `gradus explain`. */
export type ExplainOptions = TrustOptions & {
  /** The id of a recorded decision, or a file with a request. */
  readonly target: string
  readonly tenant: string
  readonly json: boolean
  readonly exitCode: boolean
  readonly bundles: boolean
}

type Told = { readonly explained: Explained; readonly head: readonly string[] }

/** Draws a decision as a ladder: a recorded one by its id, or what a request would get now. */
export async function explain(deps: CliDeps, options: ExplainOptions): Promise<ExitCode> {
  const isFile =
    options.target === '-' || (await stat(resolve(deps.cwd, options.target)).catch(() => undefined))?.isFile() === true
  const { explained, head } = isFile ? await asked(deps, options) : await recorded(deps, options)
  if (options.json) {
    const { decision, facts, risk } = explained
    deps.stdout(`${jsonText({ ...decision, risk, trust: facts.trust, remedies: remediesOf(explained) })}\n`)
  } else deps.stdout(drawLadder(explained, head, painter(deps)))
  return options.exitCode ? exitCodeOfOutcome(explained.decision.outcome) : EXIT_CODES.ok
}

async function asked(deps: CliDeps, options: ExplainOptions): Promise<Told> {
  const request = await readRequest(deps, options.target)
  const shipped = await deps.loadPolicySet(await deps.loadConfig(options.config), { sources: !options.bundles })
  const { facts, policySet } = await factsFor(deps, options, request, shipped)
  const { decision, risk, inputs } = await derive({ request, entrypoint: policySet.settings.base.entrypoint }, facts, policySet)
  const head = [
    `${request.subject.type}/${request.subject.id} asks for ${request.action.name} on ${request.resource.type}/${request.resource.id} (not recorded)`,
  ]
  return { head, explained: { decision, facts, risk, matrices: inputs.matrices, thresholds: policySet.constants.thresholds } }
}

async function recorded(deps: CliDeps, options: ExplainOptions): Promise<Told> {
  const { stored, policySet } = await reading(deps, options, async (store) => {
    const found = await store.read([], (view) => view.record(options.tenant, options.target))
    if (found?.record.kind !== 'decision') {
      throw new ServiceError(
        'not_found',
        `"${options.target}" is neither a file nor a recorded decision of tenant "${options.tenant}"`,
        { fix: 'give a request file, or the decision_id of an answer and its --data-dir' },
      )
    }
    return { stored: found, policySet: await archived(deps, store, found) }
  })
  const body = stored.record.body as unknown as {
    readonly decision: Decision
    readonly facts: DecisionFacts
    readonly risk: RiskView
  }
  const override = policySet?.settings.overrides[stored.record.tenant]?.matrix
  const matrices = policySet === undefined ? undefined : { ...policySet.matrices, ...override }
  const head = [
    `decision ${stored.record.id} of ${stored.record.at}, record ${stored.leafIndex}`,
    `${stored.record.agent ?? stored.record.user ?? 'somebody'} asked for ${stored.record.action ?? 'something'}`,
  ]
  const thresholds = policySet?.constants.thresholds ?? []
  return { head, explained: { decision: body.decision, facts: body.facts, risk: body.risk, matrices, thresholds } }
}

async function archived(deps: CliDeps, store: Store, stored: StoredRecord): Promise<PolicySet | undefined> {
  const archive = await store.archived(policySetOf(stored))
  return archive === undefined ? undefined : deps.restorePolicySet(archive)
}
