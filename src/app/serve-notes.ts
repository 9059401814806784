import { join } from 'node:path'

import { OPERATOR_TOKEN_FILE } from '../cli/support/server-client.ts'
import type { PolicySetView } from '../policy/policy-set.ts'

/** What the notes are about. */
export type ServeNotes = {
  readonly policySet: Pick<PolicySetView, 'digest' | 'tools' | 'agents'>
  readonly url: string
  /** Relative to the working directory. */
  readonly dataDir: string
  /** Undefined with the memory store, which has no operator token. */
  readonly tokenFile: string | undefined
  /** Decisions of the demonstration's past that were made at this start. */
  readonly demoDecisions: number
  readonly demo: boolean
}

/** What a person should know before the first request, line by line. */
export function serveNotes({ policySet, url, dataDir, tokenFile, demoDecisions, demo }: ServeNotes): readonly string[] {
  const { digest, tools, agents } = policySet
  return [
    `policy set ${digest.slice(0, 12)}: ${tools} tools, ${agents} agents`,
    ...(demoDecisions > 0 ? [`lived through ${demoDecisions} decisions of the example organisation`] : []),
    ...(tokenFile === undefined ? [] : [`data in ${dataDir}, operator token in ${join(dataDir, OPERATOR_TOKEN_FILE)}`]),
    ...approvalsNote(url, tokenFile === undefined ? undefined : join(dataDir, OPERATOR_TOKEN_FILE)),
    ...(demo && tokenFile !== undefined
      ? ['try, one after the other, and then the second once more:', ...commandsToTry(url, dataDir)]
      : []),
  ]
}

/** Where people decide, and with what they sign in. */
function approvalsNote(url: string, tokenFile: string | undefined): readonly string[] {
  const token =
    tokenFile === undefined
      ? 'the token of a credential with the role approver and a person'
      : `the token that "cat ${tokenFile}" prints`
  return [`people approve on ${url}/approvals: open it in a browser and sign in with ${token}`]
}

/** A decision that is refused, one that is allowed, and a report that changes the next one. */
function commandsToTry(url: string, dataDir: string): readonly string[] {
  const ask = `curl -s ${url.replace(/^http:\/\//u, '')}/api/v1`
  const json = '-H content-type:application/json'
  const wire = `{"subject":{"type":"agent","id":"finance-agent"},"action":{"name":"wire_transfer","properties":{"arguments":{"amount":900}}},"resource":{"type":"account","id":"operations"}}`
  const merge = `{"subject":{"type":"agent","id":"coding-agent"},"action":{"name":"merge_pr"},"resource":{"type":"pull_request","id":"acme/web/7"},"context":{"environment":"production","facts":{"checks_passed":true,"complexity":2}}}`
  const kept = `${dataDir}/allowed.json`
  return [
    `${ask}/decisions ${json} -d '${wire}'`,
    `${ask}/decisions ${json} -d '${merge}' | tee ${kept}`,
    `${ask}/outcomes -H "authorization: Bearer $(cat ${dataDir}/operator.token)" ${json} -d '{"class":"harmful",'"$(grep -o '"decision_id":"[^"]*"' ${kept})"'}'`,
  ]
}
