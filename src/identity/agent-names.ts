import { createHash } from 'node:crypto'

import { agentByTemplate } from '../access/agent-template.ts'
import { looksLikeSpiffeId, parseSpiffeId } from '../access/spiffe-id.ts'
import { checkIdentifier } from '../format/identifier.ts'
import type { Workloads } from './settings.ts'

/** Longest name of an agent, in characters. */
const AGENT_CHARS_MAX = 512
/** Longest name of a credential, as records hold it. */
const CREDENTIAL_CHARS_MAX = 128

/** How names in tokens map to agents. */
export type AgentNames = {
  readonly agents?: Readonly<Record<string, string>> | undefined
  readonly spiffe?: Workloads | undefined
}

/** The agent that a name stands for; undefined if there is none. Only the source of a trust domain may give a SPIFFE ID of it. */
export function agentOf(name: string, { agents, spiffe }: AgentNames): string | undefined {
  if (spiffe !== undefined) return workloadOf(name, spiffe)
  if (looksLikeSpiffeId(name)) return undefined
  return validAgent(agents === undefined ? name : Object.hasOwn(agents, name) ? agents[name] : undefined)
}

/**
 * The agent that a workload stands for; undefined for another trust domain, for the trust domain itself, and if no template
 * matches.
 */
export function workloadOf(name: string, { trust_domain, paths }: Workloads): string | undefined {
  const read = parseSpiffeId(name)
  if (!read.ok || read.id.trustDomain !== trust_domain || read.id.segments.length === 0) return undefined
  if (paths.length === 0) return validAgent(name)
  for (const template of paths) {
    const agent = agentByTemplate(template, read.id)
    if (agent !== undefined) return validAgent(agent)
  }
  return undefined
}

function validAgent(agent: string | undefined): string | undefined {
  return agent === undefined || checkIdentifier(agent, { maxChars: AGENT_CHARS_MAX }) !== undefined ? undefined : agent
}

/** The credential name in records: source and subject. A subject that is too long becomes a digest, so that names stay unique. */
export function credentialName(source: string, subject: string): string {
  const name = `${source}:${subject}`
  if (checkIdentifier(name, { maxChars: CREDENTIAL_CHARS_MAX }) === undefined) return name
  return `${source}#${createHash('sha256').update(subject).digest('hex')}`
}
