import { createHash } from 'node:crypto'

import { agentByTemplate } from '../access/agent-template.ts'
import { looksLikeSpiffeId, parseSpiffeId } from '../access/spiffe-id.ts'
import { checkIdentifier } from '../format/identifier.ts'
import type { Workloads } from './settings.ts'

/** Longest name of an agent, in characters. */
const AGENT_CHARS_MAX = 512
/** Longest name of a credential, as records hold it. */
const CREDENTIAL_CHARS_MAX = 128

/** How names become agents. */
export type AgentNames = {
  readonly agents?: Readonly<Record<string, string>> | undefined
  readonly spiffe?: Workloads | undefined
}

/** The agent that a name is; undefined where it may not be one here. Nobody but its trust domain's source names a SPIFFE ID. */
export function agentOf(name: string, { agents, spiffe }: AgentNames): string | undefined {
  if (spiffe !== undefined) return workloadOf(name, spiffe)
  if (looksLikeSpiffeId(name)) return undefined
  return named(agents === undefined ? name : Object.hasOwn(agents, name) ? agents[name] : undefined)
}

/** The agent that a workload is; undefined for another trust domain, the trust domain itself, and a path that no template has. */
export function workloadOf(name: string, { trust_domain, paths }: Workloads): string | undefined {
  const read = parseSpiffeId(name)
  if (!read.ok || read.id.trustDomain !== trust_domain || read.id.segments.length === 0) return undefined
  if (paths.length === 0) return named(name)
  for (const template of paths) {
    const agent = agentByTemplate(template, read.id)
    if (agent !== undefined) return named(agent)
  }
  return undefined
}

function named(agent: string | undefined): string | undefined {
  return agent === undefined || checkIdentifier(agent, { maxChars: AGENT_CHARS_MAX }) !== undefined ? undefined : agent
}

/** The name under which a holder's records are written: source and subject, or a digest where that is too long. No two share one. */
export function credentialName(source: string, subject: string): string {
  const name = `${source}:${subject}`
  if (checkIdentifier(name, { maxChars: CREDENTIAL_CHARS_MAX }) === undefined) return name
  return `${source}#${createHash('sha256').update(subject).digest('hex')}`
}
