import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

import type { Command } from 'commander'
import { Document } from 'yaml'

import { policySetOf } from '../../decisions/replay.ts'

import { type WrittenFixture, writtenGivens, writtenRequest } from '../../fixtures/given-of-record.ts'
import { type LoadedCase, parseFixtures } from '../../fixtures/load.ts'
import { runCase } from '../../fixtures/run-case.ts'
import { ServiceError } from '../../format/error.ts'
import { escapeLine, plainPaint } from '../../format/terminal-text.ts'
import { OUTCOME_RANK } from '../../lattice/outcome-order.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { Store, StoredRecord } from '../../ledger/store.ts'
import type { Outcome } from '../../model/outcome.ts'
import type { Request } from '../../model/request.ts'
import type { BudgetRefusal, Decision } from '../../pdp/decision-inputs.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import type { RiskView } from '../../risk/risk-view.ts'
import type { IncidentClass } from '../../trust/constants.ts'
import { explainedOf } from '../../reports/explain/explained.ts'
import { drawLadder } from '../../reports/explain/ladder.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps, LoadedConfig } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { dataDirOptions } from '../support/options.ts'
import { writeNewText } from '../support/out-file.ts'
import { jsonText } from '../support/output.ts'
import type { FixtureOrigin } from '../../fixtures/given-of-record.ts'

/** Options of `gradus fixture from`. */
export type FixtureFromOptions = DataDirOptions & {
  readonly id: string
  readonly tenant: string
  /** Name of the case; by default what was asked, and the id. */
  readonly name: string | undefined
  readonly output: string | undefined
  readonly json: boolean
}

type Body = {
  readonly request: Request
  readonly base_input?: unknown
  readonly facts: DecisionFacts
  readonly refusals: readonly BudgetRefusal[]
  readonly decision: Decision
  readonly risk: RiskView
}

type Taken = {
  readonly stored: StoredRecord
  readonly policySet: PolicySet
  readonly recorded: FixtureOrigin
  readonly loaded: LoadedConfig
}

/** Adds `gradus fixture from`. */
export function addFixtureFrom(fixture: Command, cli: Cli): void {
  const command = fixture
    .command('from')
    .description('write the fixture that gives a recorded decision again')
    .argument('<decision-id>', 'the decision_id of an answer')
    .option('--name <name>', 'name of the case')
    .option('-o, --output <file>', 'file to write; standard output when absent')
    .option('--tenant <tenant>', 'tenant of the decision', 'default')
  dataDirOptions(command).option('--json', 'as JSON', false)
  const exits = {
    ...LOG_EXITS,
    ok: 'written',
    failed: 'the decision cannot be asked again, or no fixture gives it again',
  }
  examples(
    command,
    'gradus fixture from 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10 --name "a refund that waited" -o policies/fixtures/refund.yaml',
  )
  runs(command, cli, exits, (id: string, options: Omit<FixtureFromOptions, 'id'>) => fixtureFrom(cli.deps, { ...options, id }))
}

/** Writes the fixture that gives a recorded decision again. Refuses where no fixture can. */
async function fixtureFrom(deps: CliDeps, options: FixtureFromOptions): Promise<ExitCode> {
  const taken = await taking(deps, options)
  const { stored } = taken
  const { fixture, note } = await faithful(deps, taken, options)
  if (options.json) deps.stdout(`${jsonText({ cases: [fixture], note: note ?? null })}\n`)
  else {
    const text = textOf(fixture, { stored, note, schema: schemaLine(deps, options, taken.loaded) })
    if (note !== undefined) deps.stderr(`${escapeLine(note)}\n`)
    if (options.output === undefined) deps.stdout(text)
    else {
      await writeNewText(deps, options.output, text)
      deps.stdout(`${escapeLine(options.output)}\n`)
    }
  }
  return EXIT_CODES.ok
}

/** The record with everything that a fixture of it needs. Throws where it is not there, or not whole any more. */
async function taking(deps: CliDeps, options: FixtureFromOptions): Promise<Taken> {
  const { id, tenant } = options
  return withStore(deps, options, async (store, { loaded }) => {
    const stored = await store.read([], (view) => view.record(tenant, id))
    if (stored?.record.kind !== 'decision')
      throw new ServiceError('not_found', `"${escapeLine(id)}" is no recorded decision of tenant "${escapeLine(tenant)}"`, {
        fix: 'give the decision_id of an answer, and the --data-dir and --tenant it was recorded in',
      })
    if (stored.state !== 'whole')
      throw new ServiceError('conflict', `parts of the request of ${id} are ${stored.state}, so it cannot be asked again`, {
        fix: 'take a decision that is whole, or write the fixture by hand with invented values',
      })
    const archive = await store.archived(policySetOf(stored))
    if (archive === undefined)
      throw new ServiceError('not_found', `the policy set that ${id} was decided under is not archived here`, {
        fix: 'name the data directory that the decision was made in',
      })
    const policySet = await deps.restorePolicySet(archive)
    const body = stored.record.body as unknown as Body
    const incident = await classOf(deps, store, stored, body.facts.trust?.incident.open[0])
    const { request, facts, refusals } = body
    return {
      stored,
      policySet,
      loaded,
      recorded: { at: stored.record.at, request, facts, refusals, constants: policySet.constants, incident },
    }
  })
}

type Fixture = { readonly name: string; readonly given: WrittenFixture; readonly request: unknown; readonly want: WrittenFixture }
type Faithful = { readonly fixture: Fixture; readonly note: string | undefined }

/** The first way to say what was given that leads to the same ladder, under the policies of that time; else the first to the same terms. */
async function faithful(deps: CliDeps, { stored, policySet, recorded }: Taken, options: FixtureFromOptions): Promise<Faithful> {
  const body = stored.record.body as unknown as Body
  const name = options.name ?? nameOf(stored)
  const request = 'base_input' in body ? { input: body.base_input } : writtenRequest(body.request)
  const want = wantOf(body)
  const wanted = drawn(stored, policySet)
  let nearly: Faithful | undefined
  let got: readonly string[] = []
  for (const given of writtenGivens(recorded)) {
    const fixture = { name, given, request, want }
    const again = await decided(deps, fixture, policySet)
    const drawing = again === undefined ? undefined : drawn(again, policySet)
    if (drawing === undefined) continue
    if (drawing.whole === wanted.whole) return { fixture, note: undefined }
    got = drawing.terms
    if (drawing.terms.join('\n') === wanted.terms.join('\n'))
      nearly ??= {
        fixture,
        note: 'the fixture decides the same by the same terms; what held the trust where it was cannot be said in a fixture',
      }
  }
  if (nearly !== undefined) return nearly
  const different = wanted.terms.find((line) => !got.includes(line)) ?? 'the decision'
  throw new ServiceError('conflict', `no fixture gives this decision again; it had: ${different.trim()}`, {
    fix: 'a fixture knows trust, counters, containment by people, and what is asked of the configured entrypoint; write it by hand, or look at "gradus audit replay"',
  })
}

/** The class of an agent's incident, from the record before the decision that raised it; undefined where there is none. */
async function classOf(
  deps: CliDeps,
  store: Store,
  { record, leafIndex }: StoredRecord,
  id?: string,
): Promise<IncidentClass | undefined> {
  if (id === undefined || record.agent === null) return undefined
  const kinds = ['incident', 'outcome', 'signal'] as const
  const query = { tenant: record.tenant, agent: record.agent, kinds, from: leafIndex, newestFirst: true }
  for await (const { record: earlier } of deps.walkRecords(store, query))
    for (const effect of earlier.effects)
      if (effect.kind === 'incident' && effect.incident.id === id) return effect.incident.class
  return undefined
}

type Drawing = { readonly whole: string; readonly terms: readonly string[] }

/** The ladder of a record without its head, and its lines up to the outcome. */
function drawn(stored: StoredRecord, policySet: PolicySet): Drawing {
  const whole = drawLadder(explainedOf(stored, policySet), [], plainPaint)
  const lines = whole.split('\n')
  const end = lines.findIndex((line) => line.trimStart().startsWith('= '))
  return { whole, terms: lines.slice(lines.indexOf('') + 1, end + 1) }
}

/** The record of what a fixture decides under a policy set; undefined where it cannot be run. */
async function decided(deps: CliDeps, fixture: Fixture, policySet: PolicySet): Promise<StoredRecord | undefined> {
  const { cases } = parseFixtures('fixture', JSON.stringify({ cases: [fixture] }))
  const [loaded]: readonly LoadedCase[] = cases
  if (loaded === undefined) return undefined
  let last: StoredRecord | undefined
  await runCase(loaded, { ...deps, policySet, onDecision: (stored) => (last = stored) })
  return last
}

function nameOf({ record }: StoredRecord): string {
  const who = record.agent ?? record.user ?? 'somebody'
  return `${who} asks for ${record.action ?? 'something'} (decision ${record.id})`.slice(-200)
}

function wantOf({ decision, risk }: Body): WrittenFixture {
  const terms: Record<string, Outcome> = {}
  for (const { source, outcome } of decision.ceilings) {
    const before = terms[source]
    if (before === undefined || OUTCOME_RANK[outcome] < OUTCOME_RANK[before]) terms[source] = outcome
  }
  return {
    outcome: decision.outcome,
    base: decision.base,
    terms,
    risk: { points: risk.points, band: risk.band, rules: risk.rules.map(({ id }) => id) },
    obligations: decision.obligations.map(({ id }) => id),
  }
}

/** The line by which an editor knows the fixture, where the project has its schema. */
function schemaLine({ cwd }: CliDeps, { output }: FixtureFromOptions, { root }: LoadedConfig): string | undefined {
  const schema = join(root, 'schemas', 'fixture.schema.json')
  if (output === undefined || !existsSync(schema)) return undefined
  return ` yaml-language-server: $schema=${relative(dirname(resolve(cwd, output)), schema).replaceAll('\\', '/')}`
}

type Around = { readonly stored: StoredRecord; readonly note: string | undefined; readonly schema: string | undefined }

function textOf(fixture: Fixture, { stored: { record }, note, schema }: Around): string {
  const document = new Document({ cases: [fixture] })
  document.commentBefore = [
    ...(schema === undefined ? [] : [schema]),
    ` Decision ${escapeLine(record.id)} of ${record.at}, as it was recorded. It holds the request as it was: read it before you share it.`,
    ...(note === undefined ? [] : [` Note: ${note}.`]),
  ].join('\n')
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}
