import type { Command } from 'commander'

import { type Cli, examples } from '../support/command.ts'
import { addAuditErase } from './erase.ts'
import { addAuditExport } from './export.ts'
import { addAuditHold } from './hold.ts'
import { addAuditProof } from './proof.ts'
import { addAuditQuery } from './query.ts'
import { addAuditReplay } from './replay.ts'
import { addAuditRetain } from './retain.ts'
import { addAuditReview } from './review.ts'
import { addAuditReviews } from './reviews.ts'
import { addAuditSufficiency } from './sufficiency.ts'
import { addAuditVerify } from './verify.ts'

/** Commands about the log. They work on the data directory, beside a running server. */
export function addAuditCommands(program: Command, cli: Cli): void {
  const audit = program.command('audit').description('the log: verify, query, prove, replay, erase, export, review')
  examples(audit, 'gradus audit verify', 'gradus audit query --since 7d --newest')
  addAuditVerify(audit, cli)
  addAuditQuery(audit, cli)
  addAuditExport(audit, cli)
  addAuditProof(audit, cli)
  addAuditReplay(audit, cli)
  addAuditErase(audit, cli)
  addAuditRetain(audit, cli)
  addAuditHold(audit, cli)
  addAuditSufficiency(audit, cli)
  addAuditReviews(audit, cli)
  addAuditReview(audit, cli)
}
