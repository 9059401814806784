import type { Command } from 'commander'

import { derive } from '../../decisions/derive.ts'
import type { Derivation } from '../../decisions/rules/derivation.ts'
import { escapeLine, type Paint } from '../../format/terminal-text.ts'
import { type DecisionFacts, trustAnswer } from '../../ledger/decision-facts.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { LOG_EXITS, OUTCOME_EXITS } from '../support/command-exits.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode, exitCodeOfOutcome } from '../support/exit-codes.ts'
import { painter, printAnswer } from '../support/output.ts'
import { readQuestion } from '../support/request-file.ts'
import { factsFor, givenTrustOptions, type TrustOptions } from './given-facts.ts'

/** Options of `gradus eval`. */
export type EvalOptions = TrustOptions & {
  readonly file: string
  readonly entrypoint: string | undefined
  readonly print: boolean
  readonly json: boolean
  readonly exitCode: boolean
  readonly bundles: boolean
}

/** Adds `gradus eval`. */
export function addEval(program: Command, cli: Cli): void {
  const command = givenTrustOptions(program.command('eval'))
    .description('decide one request; nothing is recorded')
    .argument('[file]', 'request in JSON or YAML; "-" is standard input', '-')
    .option('--entrypoint <path>', 'ask another base entrypoint')
    .option('--print', 'show what print() in policies says on standard error, as it does by default', true)
    .option('--no-print', 'leave out what print() in policies says')
  const exits = {
    ...LOG_EXITS,
    ...OUTCOME_EXITS,
    ok: 'decided',
    failed: 'request, configuration or policy is wrong',
    not_found: 'no such file, case or store',
  }
  examples(
    command,
    'gradus eval request.json --level 3',
    'gradus eval - --exit-code < request.json',
    'gradus eval request.json --fixture policies/fixtures/mail.yaml#reads',
  )
  runs(command, cli, exits, (file: string, options: Omit<EvalOptions, 'file'>) => evalCommand(cli.deps, { ...options, file }))
}

/** Decides one request. Nothing is recorded, nothing is reserved. */
async function evalCommand(deps: CliDeps, options: EvalOptions): Promise<ExitCode> {
  const loaded = await deps.loadConfig(options.config)
  const asked = await readQuestion(deps, options.file, loaded.config.base.mapping)
  const print = (line: string): void => deps.stderr(`print: ${escapeLine(line)}\n`)
  const shipped = await deps.loadPolicySet(loaded, { sources: !options.bundles, ...(options.print ? { print } : {}) })
  const { facts, policySet } = await factsFor(deps, options, asked.request, shipped)
  const derivation = await derive({
    question: { ...asked, entrypoint: options.entrypoint ?? policySet.settings.base.entrypoint },
    facts,
    policySet,
  })
  const answer = evalAnswer(derivation, facts, policySet)
  printAnswer(deps, options.json, answer, () => plain(answer, painter(deps)))
  return options.exitCode ? exitCodeOfOutcome(derivation.decision.outcome) : EXIT_CODES.ok
}

/** The decision as the service would answer it, without what only a recorded decision has. */
function evalAnswer({ decision, risk, base }: Derivation, facts: DecisionFacts, policySet: PolicySet) {
  const { outcome, decision: mayRun, base: granted, ceilings, obligations, guardrails, advice, reasons } = decision
  return {
    decided_at: new Date(facts.at_ms).toISOString(),
    outcome,
    decision: mayRun,
    base: granted,
    ceilings,
    obligations,
    guardrails,
    advice,
    risk: { points: risk.points, band: risk.band, rules: risk.rules, unavailable: risk.unavailable },
    trust: trustAnswer(facts.trust, facts),
    policy_set: policySet.digest,
    reasons,
    ...(base.kind === 'failed' ? { base_failure: base.message } : {}),
  }
}

function plain(answer: ReturnType<typeof evalAnswer>, paint: Paint): string {
  const { outcome, decision, base, reasons, obligations, guardrails, advice, risk, trust } = answer
  const list = (name: string, entries: readonly string[]): readonly string[] =>
    entries.length === 0 ? [] : [`${name}: ${entries.map(escapeLine).join(', ')}`]
  return [
    `${paint(decision ? 'green' : 'red', paint('bold', outcome))} (base ${base}, risk ${risk.band} ${risk.points}${trust === null ? '' : `, trust ${trust.score} L${trust.level_effective} in ${trust.scope}`})`,
    ...reasons.map((reason) => `  ${escapeLine(reason)}`),
    ...list(
      'obligations',
      obligations.map(({ id }) => id),
    ),
    ...list(
      'guardrails',
      Object.entries(guardrails).map(([name, bound]) => `${name} ${JSON.stringify(bound)}`),
    ),
    ...list('advice', advice),
    '',
  ].join('\n')
}
