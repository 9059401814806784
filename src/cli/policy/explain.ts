import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { Command } from 'commander'

import { derive } from '../../decisions/derive.ts'
import { policySetOf } from '../../decisions/replay.ts'
import { rollbackViewIn, rollbackViewOf } from '../../evidence/rollback-view.ts'
import { type FixtureChoice, fixtureIn } from '../../fixtures/choose.ts'
import { runCase } from '../../fixtures/run-case.ts'
import { ServiceError } from '../../format/error.ts'
import { decisionBodyOf } from '../../ledger/recorded-decision.ts'
import type { Store, StoredRecord } from '../../ledger/store.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { basesOf, type Explained, explainedOf, headOf } from '../../reports/explain/explained.ts'
import { explanationOf } from '../../reports/explain/explanation.ts'
import { drawLadders } from '../../reports/explain/ladder.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS, OUTCOME_EXITS } from '../support/command-exits.ts'
import { withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode, exitCodeOfOutcome } from '../support/exit-codes.ts'
import { jsonText, painter } from '../support/output.ts'
import { readQuestion } from '../support/request-file.ts'
import { factsFor, givenTrustOptions, type TrustOptions } from './given-facts.ts'

/** Options of `gradus explain`. */
export type ExplainOptions = TrustOptions & {
  /** The id of a recorded decision, a file with a request, or a fixture: `FILE` or `FILE#NAME`. */
  readonly target: string
  readonly tenant: string
  readonly json: boolean
  readonly exitCode: boolean
  readonly bundles: boolean
}

type Told = { readonly explained: Explained; readonly head: readonly string[] }

/** Adds `gradus explain`. */
export function addExplain(program: Command, cli: Cli): void {
  const command = givenTrustOptions(program.command('explain'))
    .description('draw a decision as a ladder, and say what would lift it')
    .argument('<id-or-file>', 'a recorded decision, or a file with a request')
    .option('--tenant <tenant>', 'tenant of the recorded decision', 'default')
  const exits = {
    ...LOG_EXITS,
    ...OUTCOME_EXITS,
    ok: 'drawn',
    failed: 'request, configuration or policy is wrong',
    not_found: 'no such file, case, decision or store',
  }
  examples(
    command,
    'gradus explain 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 -d data',
    'gradus explain request.json --level 2',
    'gradus explain policies/fixtures/mail.yaml#reads',
  )
  runs(command, cli, exits, (target: string, options: Omit<ExplainOptions, 'target'>) =>
    explainCommand(cli.deps, { ...options, target }),
  )
}

/** Draws a decision as a ladder: a recorded one by its id, what a request would get now, or what a fixture comes to. */
async function explainCommand(deps: CliDeps, options: ExplainOptions): Promise<ExitCode> {
  const fixture = await fixtureIn(deps, options.target)
  const isFile =
    options.target === '-' || (await stat(resolve(deps.cwd, options.target)).catch(() => undefined))?.isFile() === true
  const { explained, head } =
    fixture !== undefined
      ? await played(deps, options, fixture)
      : isFile
        ? await requested(deps, options)
        : await recorded(deps, options)
  deps.stdout(options.json ? `${jsonText(explanationOf(explained))}\n` : drawLadders(explained, head, painter(deps)))
  return options.exitCode ? exitCodeOfOutcome(explained.decision.outcome) : EXIT_CODES.ok
}

async function requested(deps: CliDeps, options: ExplainOptions): Promise<Told> {
  const loaded = await deps.loadConfig(options.config)
  const asked = await readQuestion(deps, options.target, loaded.config.base.mapping)
  const { request } = asked
  const shipped = await deps.loadPolicySet(loaded, { sources: !options.bundles })
  const { facts, policySet } = await factsFor(deps, options, request, shipped)
  const { decision, risk, inputs, base, delegator } = await derive({
    question: { ...asked, entrypoint: policySet.settings.base.entrypoint },
    facts,
    policySet,
  })
  const head = [
    `${request.subject.type}/${request.subject.id} asks for ${request.action.name} on ${request.resource.type}/${request.resource.id} (not recorded)`,
  ]
  const { constants, catalogue } = policySet
  const explained = {
    decision,
    facts,
    risk,
    matrices: inputs.matrices,
    thresholds: constants.thresholds,
    bands: catalogue.riskBands,
    ...basesOf({ subject: request.subject, base, delegator }),
  }
  return { head, explained }
}

/** What the last decision of a case comes to, on a store that forgets. */
async function played(deps: CliDeps, options: ExplainOptions, { loaded, file }: FixtureChoice): Promise<Told> {
  const policySet = await deps.loadPolicySet(await deps.loadConfig(options.config), { sources: !options.bundles })
  let last: StoredRecord | undefined
  const { error } = await runCase(loaded, { ...deps, policySet, onDecision: (stored) => (last = stored) })
  if (last === undefined)
    throw new ServiceError('bad_request', error ?? 'the case decides nothing', {
      place: { file, line: loaded.line },
      fix: 'give the case a request, or a step that decides',
    })
  // Nothing was kept yet of what a case decides.
  const rollback = rollbackViewOf(decisionBodyOf(last.record).facts.action, undefined, Date.parse(last.record.at))
  return { head: [`fixture "${loaded.fixture.name}"`], explained: explainedOf(last, policySet, rollback) }
}

async function recorded(deps: CliDeps, options: ExplainOptions): Promise<Told> {
  const { stored, policySet, rollback } = await withStore(deps, options, async (store) => {
    const found = await store.read([], (view) => view.record(options.tenant, options.target))
    if (found?.record.kind !== 'decision') {
      throw new ServiceError(
        'not_found',
        `"${options.target}" is neither a file nor a recorded decision of tenant "${options.tenant}"`,
        { fix: 'give a request file, or the decision_id of an answer and its --data-dir' },
      )
    }
    return {
      stored: found,
      policySet: await archived(deps, store, found),
      rollback: await rollbackViewIn(store, found, deps.nowMs()),
    }
  })
  return { head: headOf(stored), explained: explainedOf(stored, policySet, rollback) }
}

async function archived(deps: CliDeps, store: Store, stored: StoredRecord): Promise<PolicySet | undefined> {
  const archive = await store.archived(policySetOf(stored))
  return archive === undefined ? undefined : deps.restorePolicySet(archive)
}
