import type { Command } from 'commander'

import { policySetOf, replayDecision, type ReplayResult } from '../../decisions/replay.ts'
import { ServiceError } from '../../format/error.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import type { Store, StoredRecord } from '../../ledger/store.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { dataDirOptions } from '../support/options.ts'
import { jsonText, painter, progress } from '../support/output.ts'

/** Options of `gradus audit replay`. */
export type AuditReplayOptions = DataDirOptions & {
  readonly id: string | undefined
  readonly all: boolean
  readonly tenant: string | undefined
  readonly json: boolean
}

type Replayed = { readonly id: string; readonly leaf_index: number } & ReplayResult

/** Adds `gradus audit replay`. */
export function addAuditReplay(audit: Command, cli: Cli): void {
  const command = dataDirOptions(audit.command('replay'))
    .description('decide recorded decisions again and compare; 2: one differs')
    .argument('[id]', 'id of a decision')
    .option('--all', 'every decision', false)
    .option('--tenant <tenant>', 'of this tenant only; with --all, every tenant when absent')
    .option('--json', 'as JSON', false)
  const exits = {
    ...LOG_EXITS,
    ok: 'none differs',
    mismatch: 'one decides otherwise, or its policy set is gone',
    other_semantics: 'none differs, but some were made when decisions meant something else',
  }
  examples(command, 'gradus audit replay --all', 'gradus audit replay 019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10')
  runs(command, cli, exits, (id: string | undefined, options: Omit<AuditReplayOptions, 'id'>) =>
    auditReplay(cli.deps, { ...options, id }),
  )
}

/**
 * Decides recorded decisions again, from the record and its archived policy set alone, and compares byte for byte.
 * 0: none differs; 2: one differs, or its policy set is gone; 8: some were made under other semantics. Those, masked and erased ones are told,
 * never counted as equal.
 */
async function auditReplay(deps: CliDeps, options: AuditReplayOptions): Promise<ExitCode> {
  if ((options.id === undefined) === !options.all)
    throw new ServiceError('usage', 'name one decision, or --all', {
      fix: 'gradus audit replay ID, or gradus audit replay --all',
    })
  const replayed = await withStore(deps, options, (store) =>
    options.id === undefined ? replayAll(deps, options, store) : replayOne(deps, options.id, options.tenant ?? 'default', store),
  )
  const states = ['equal', 'different', 'masked', 'erased', 'unknown_policy_set', 'other_semantics'] as const
  const counts = Object.fromEntries(states.map((state) => [state, replayed.filter((each) => each.state === state).length]))
  const wrong = replayed.filter(({ state }) => state === 'different' || state === 'unknown_policy_set')
  if (options.json)
    deps.stdout(
      `${jsonText({ decisions: replayed.length, ...counts, not_equal: replayed.filter(({ state }) => state !== 'equal') })}\n`,
    )
  else {
    const paint = painter(deps)
    const lines = replayed.filter(({ state }) => state !== 'equal').map((each) => describe(each, paint))
    const summary = states.filter((state) => (counts[state] ?? 0) > 0).map((state) => `${counts[state] ?? 0} ${state}`)
    deps.stdout(
      `${[...lines, `${wrong.length === 0 ? paint('green', 'ok') : paint('red', 'not equal')} ${replayed.length} decisions: ${summary.join(', ') || 'none'}`].join('\n')}\n`,
    )
  }
  if (wrong.length > 0) return EXIT_CODES.mismatch
  return counts['other_semantics'] === 0 ? EXIT_CODES.ok : EXIT_CODES.other_semantics
}

function describe(replayed: Replayed, paint: ReturnType<typeof painter>): string {
  const head = `${paint(replayed.state === 'different' ? 'red' : 'yellow', replayed.state)} ${escapeLine(replayed.id)} (record ${replayed.leaf_index})`
  if (replayed.state === 'other_semantics')
    return `${paint('yellow', `made under semantics ${replayed.semantics}`)} ${escapeLine(replayed.id)} (record ${replayed.leaf_index})`
  if (replayed.state !== 'different') return head
  return [
    head,
    ...replayed.differences.flatMap(({ member, recorded, replayed: now }) => [
      `  ${escapeLine(member)}`,
      `    recorded ${jsonText(recorded ?? null, 0)}`,
      `    replayed ${jsonText(now ?? null, 0)}`,
    ]),
  ].join('\n')
}

async function replayOne(deps: CliDeps, id: string, tenant: string, store: Store): Promise<readonly Replayed[]> {
  const stored = await store.read([], (view) => view.record(tenant, id))
  if (stored?.record.kind !== 'decision')
    throw new ServiceError('not_found', `tenant "${tenant}" has no decision "${id}"`, {
      fix: '"gradus audit query --kind decision" lists them',
    })
  return [await again(stored, policySets(deps, store))]
}

async function replayAll(deps: CliDeps, { tenant }: AuditReplayOptions, store: Store): Promise<readonly Replayed[]> {
  const bar = progress(deps, false)
  const sets = policySets(deps, store)
  const replayed: Replayed[] = []
  // Every tenant's decisions unless one is named.
  for await (const stored of deps.walkRecords(store, { kinds: ['decision'], ...(tenant === undefined ? {} : { tenant }) })) {
    replayed.push(await again(stored, sets))
    bar.show(`replayed ${replayed.length} decisions`)
  }
  bar.end()
  return replayed
}

async function again(stored: StoredRecord, sets: (digest: string) => Promise<PolicySet | undefined>): Promise<Replayed> {
  return {
    id: stored.record.id,
    leaf_index: stored.leafIndex,
    ...(await replayDecision(stored, await sets(policySetOf(stored)))),
  }
}

/** Archived policy sets, each restored once. */
function policySets(deps: CliDeps, store: Store): (digest: string) => Promise<PolicySet | undefined> {
  const restored = new Map<string, Promise<PolicySet | undefined>>()
  const restore = async (digest: string): Promise<PolicySet | undefined> => {
    const archive = await store.archived(digest)
    return archive === undefined ? undefined : deps.restorePolicySet(archive)
  }
  return (digest) => {
    const known = restored.get(digest) ?? restore(digest)
    restored.set(digest, known)
    return known
  }
}
