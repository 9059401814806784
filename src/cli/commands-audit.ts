import type { Command } from 'commander'

import { auditErase } from './audit-erase.ts'
import { auditProof } from './audit-proof.ts'
import { auditExport, auditQuery, type RecordFilter } from './audit-query.ts'
import { auditReplay } from './audit-replay.ts'
import { auditReview, auditReviews } from './audit-review.ts'
import { auditSufficiency } from './audit-sufficiency.ts'
import { auditVerify } from './audit-verify.ts'
import type { CliDeps } from './deps.ts'
import type { Ending } from './exit-codes.ts'

type Place = { config?: string; dataDir?: string }
type Filters = {
  tenant?: string
  kind: string[]
  agent?: string
  user?: string
  action?: string
  outcome?: string
  decision?: string
  since?: string
  until?: string
}

type SufficiencyFilters = {
  since: string
  until?: string
  agent?: string
  tenant?: string
  csv: boolean
  out?: string
  json: boolean
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value]

function placed(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration (gradus.yaml)')
    .option('-d, --data-dir <dir>', 'data directory; that of the configuration when absent')
}

function filtered(command: Command): Command {
  return placed(command)
    .option('--tenant <tenant>', 'of this tenant')
    .option('--kind <kind>', 'of this kind; may be repeated', collect, [])
    .option('--agent <id>', 'about this agent')
    .option('--user <id>', 'about this person')
    .option('--action <name>', 'about this action')
    .option('--outcome <outcome>', 'with this outcome')
    .option('--decision <id>', 'about this decision')
    .option('--since <time>', 'from this time on (ISO 8601)')
    .option('--until <time>', 'before this time (ISO 8601)')
}

function filterOf({ tenant, kind, agent, user, action, outcome, decision, since, until }: Filters): RecordFilter {
  return { tenant, kind, agent, user, action, outcome, decision, since, until }
}

/** Commands about the log: verify, query, proof, replay, erase, export, sufficiency, reviews. They work on the data directory, beside a running server. */
export function addAuditCommands(program: Command, deps: CliDeps, ending: Ending): void {
  const audit = program.command('audit').description('the log: verify, query, prove, replay, erase, export, review')
  addVerify(audit, deps, ending)
  filtered(audit.command('query').description('list records'))
    .option('--limit <count>', 'at most so many', '100')
    .option('--newest', 'newest first', false)
    .option('--json', 'as JSON', false)
    .action(async (options: Place & Filters & { limit: string; newest: boolean; json: boolean }) => {
      const { config, dataDir, limit, newest, json } = options
      ending.code = await auditQuery(deps, { ...filterOf(options), config, dataDir, limit, newest, json })
    })
  filtered(audit.command('export').description('write records as JSON lines'))
    .option('-o, --out <file>', 'file to write; standard output when absent')
    .option('--json', 'JSON lines, as always', false)
    .action(async (options: Place & Filters & { out?: string }) => {
      const { config, dataDir, out } = options
      ending.code = await auditExport(deps, { ...filterOf(options), config, dataDir, out })
    })
  addProofAndReplay(audit, deps, ending)
  addErase(audit, deps, ending)
  addSufficiency(audit, deps, ending)
  addReviews(audit, deps, ending)
}

function addVerify(audit: Command, deps: CliDeps, ending: Ending): void {
  placed(
    audit
      .command('verify')
      .description('verify tree, signatures, receipts and derived state offline; 2: the log is not what it was'),
  )
    .option('--head <file>', 'signed tree head kept elsewhere; may be repeated', collect, [])
    .option('--receipt <file>', 'proof or answer that a caller kept; may be repeated', collect, [])
    .option('--key <vkey>', 'public key of the log; that of the data directory when absent')
    .option('--json', 'as JSON', false)
    .action(async (options: Place & { head: string[]; receipt: string[]; key?: string; json: boolean }) => {
      const { config, dataDir, head, receipt, key, json } = options
      ending.code = await auditVerify(deps, { config, dataDir, heads: head, receipts: receipt, key, json })
    })
}

function addProofAndReplay(audit: Command, deps: CliDeps, ending: Ending): void {
  placed(audit.command('proof').description('prove that a record is in the log'))
    .argument('<id>', 'id of the record')
    .option('--tenant <tenant>', 'tenant of the record', 'default')
    .option('--json', 'as JSON', false)
    .action(async (id: string, options: Place & { tenant: string; json: boolean }) => {
      const { config, dataDir, tenant, json } = options
      ending.code = await auditProof(deps, { id, config, dataDir, tenant, json })
    })
  placed(audit.command('replay').description('decide recorded decisions again and compare; 2: one differs'))
    .argument('[id]', 'id of a decision')
    .option('--all', 'every decision', false)
    .option('--tenant <tenant>', 'of this tenant only; with --all, every tenant when absent')
    .option('--json', 'as JSON', false)
    .action(async (id: string | undefined, options: Place & { all: boolean; tenant?: string; json: boolean }) => {
      const { config, dataDir, all, tenant, json } = options
      ending.code = await auditReplay(deps, { id, all, tenant, config, dataDir, json })
    })
}

function addSufficiency(audit: Command, deps: CliDeps, ending: Ending): void {
  placed(
    audit
      .command('sufficiency')
      .description('every executed action of agents with the trust it had and the trust it needed; 1: one had less'),
  )
    .requiredOption('--since <time>', 'from when on: how far back, such as 30d, or a time (ISO 8601)')
    .option('--until <time>', 'before this time (ISO 8601)')
    .option('--agent <id>', 'of this agent')
    .option('--tenant <tenant>', 'of this tenant; every tenant when absent')
    .option('--csv', 'every action as a line of CSV', false)
    .option('-o, --out <file>', 'file to write; standard output when absent')
    .option('--json', 'every action, as JSON', false)
    .action(async (options: Place & SufficiencyFilters) => {
      const { config, dataDir, since, until, agent, tenant, csv, out, json } = options
      ending.code = await auditSufficiency(deps, { config, dataDir, since, until, agent, tenant, csv, out, json })
    })
}

function addReviews(audit: Command, deps: CliDeps, ending: Ending): void {
  placed(audit.command('reviews').description('reviews of the log that somebody owns, and when each is due; 1: one is overdue'))
    .option('--tenant <tenant>', 'of this tenant; every tenant when absent')
    .option('--json', 'as JSON', false)
    .action(async ({ config, dataDir, tenant, json }: Place & { tenant?: string; json: boolean }) => {
      ending.code = await auditReviews(deps, { config, dataDir, tenant, json })
    })
  placed(audit.command('review').description('record that a person looked through the log'))
    .argument('<id>', 'id of the review, as the configuration names it')
    .requiredOption('--notes <text>', 'what was looked at and found; kept in the record')
    .option('--server <url>', 'the server to ask; the one that runs on the data directory when absent')
    .option('--token-file <file>', 'token of the person')
    .option('--tenant <tenant>', 'tenant of the review, where no server runs', 'default')
    .option('--as <name>', 'the person who reviews, where no server runs')
    .option('--json', 'as JSON', false)
    .action(
      async (
        id: string,
        options: Place & { notes: string; server?: string; tokenFile?: string; tenant: string; as?: string; json: boolean },
      ) => {
        const { config, dataDir, notes, server, tokenFile, tenant, as: person, json } = options
        ending.code = await auditReview(deps, { id, config, dataDir, notes, server, tokenFile, tenant, person, json })
      },
    )
}

function addErase(audit: Command, deps: CliDeps, ending: Ending): void {
  placed(audit.command('erase').description('remove sealed values of an agent, user or decision; every proof stays'))
    .option('--tenant <tenant>', 'tenant of the records', 'default')
    .option('--agent <id>', 'of this agent')
    .option('--user <id>', 'of this person')
    .option('--decision <id>', 'of this decision')
    .option('--pointer <pointer>', 'only this member, a JSON Pointer; may be repeated', collect, [])
    .requiredOption('--reason <text>', 'why; kept in the record')
    .option('--as <name>', 'the person who orders it')
    .option('--json', 'as JSON', false)
    .action(
      async (
        options: Place & {
          tenant: string
          agent?: string
          user?: string
          decision?: string
          pointer: string[]
          reason: string
          as?: string
          json: boolean
        },
      ) => {
        const { config, dataDir, tenant, agent, user, decision, pointer, reason, as: person, json } = options
        ending.code = await auditErase(deps, { config, dataDir, tenant, agent, user, decision, pointer, reason, person, json })
      },
    )
}
