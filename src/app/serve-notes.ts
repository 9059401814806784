import { join } from 'node:path'

import { LISTENER_CREDENTIAL } from '../access/actor-name.ts'
import { OPERATOR_TOKEN_FILE } from '../cli/support/server-client.ts'
import { isLoopbackUrl } from '../format/loopback.ts'
import type { HttpSettings } from '../http/settings.ts'
import type { PolicySetView } from '../policy/policy-set.ts'

/** Whom callers without a credential are taken for, and why, in a line for who starts a server. */
function anonymousNote(anonymous: HttpSettings['anonymous']): string {
  if (anonymous === 'deny') return 'callers without a token are refused'
  return anonymous.vouched
    ? `callers without a token are the credential "${LISTENER_CREDENTIAL}", and the agents they name are charged: the configuration vouches for every process that reaches this port (http.anonymous.vouched)`
    : 'nobody vouches for callers without a token: they touch nothing of the agents they name, and people decide all but reads of what is not sensitive; where you answer for every process here, set http.anonymous.vouched, or give tokens (credentials)'
}

/** What the notes are about. */
export type ServeNotes = {
  readonly policySet: Pick<PolicySetView, 'digest' | 'tools' | 'agents'>
  readonly url: string
  readonly anonymous: HttpSettings['anonymous']
  /** Relative to the working directory. */
  readonly dataDir: string
  /** Undefined with the memory store, which has no operator token. */
  readonly tokenFile: string | undefined
  /** Decisions of the demonstration's past that were made at this start. */
  readonly demoDecisions: number
  readonly demo: boolean
}

/** What a person should know before the first request, line by line. */
export function serveNotes(notes: ServeNotes): readonly string[] {
  const { policySet, url, anonymous, dataDir, tokenFile, demoDecisions, demo } = notes
  const { digest, tools, agents } = policySet
  return [
    `policy set ${digest.slice(0, 12)}: ${tools} tools, ${agents} agents`,
    ...(demoDecisions > 0 ? [`lived through ${demoDecisions} decisions of the example organisation`] : []),
    ...(tokenFile === undefined ? [] : [`data in ${dataDir}, operator token in ${join(dataDir, OPERATOR_TOKEN_FILE)}`]),
    // Beyond loopback whoever shows no token is refused.
    anonymousNote(isLoopbackUrl(new URL(url)) ? anonymous : 'deny'),
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
