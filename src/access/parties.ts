import { type ChainProblem, type ChainRelation, Party, type Request, TEAM_TYPE } from '../model/request.ts'
import { isAgents } from './authority.ts'
import { type Caller, isAnonymous } from './caller.ts'

/** Agents a chain may have, the deciding one included; more is denied (docs/trust-model.md, delegation). */
export const CHAIN_DEPTH_MAX = 5

/** Who is in a request: the agent that decides trust, the other agents of the chain, and the human if one was proven. */
export type Parties = {
  /** Null: no agent is in the chain, and the credential proved a human. */
  readonly agent: Party | null
  /** True: only the body says that this agent acts for the human; it decides, but is charged with nothing. */
  readonly agent_claimed: boolean
  /** `claimed`: only the body says so; the link lowers this decision, and is charged with nothing. */
  readonly links: readonly { readonly party: Party; readonly relation: ChainRelation; readonly claimed: boolean }[]
  readonly problems: readonly ChainProblem[]
  /** The team on whose behalf the body says it is; it lifts nothing, and its owner answers. Absent: none. */
  readonly team?: Party
  /** The proven human, as subject or on whose behalf; null where none was proven. */
  readonly human: Party | null
}

/** RFC 8693 `act`, outermost the most recent actor: `{sub, type?}` or `{id, type}`, nested for earlier ones. */
function actors(value: unknown): { readonly parties: readonly Party[]; readonly unreadable: boolean } {
  const parties: Party[] = []
  let act = value
  while (act !== undefined && parties.length <= CHAIN_DEPTH_MAX) {
    if (typeof act !== 'object' || act === null || Array.isArray(act)) return { parties, unreadable: true }
    const claims = act as Readonly<Record<string, unknown>>
    const party = Party.safeParse({ type: claims['type'] ?? 'agent', id: claims['sub'] ?? claims['id'] })
    if (!party.success) return { parties, unreadable: true }
    parties.push(party.data)
    act = claims['act']
  }
  return { parties, unreadable: false }
}

/** Everybody whom a request names in any place, proven or not, human or not; null where that is more than anybody reads. */
export function namedIn({ subject, context }: Request): readonly string[] | null {
  const { on_behalf_of, chain } = (context ?? {}) as { readonly on_behalf_of?: Party; readonly chain?: readonly Party[] }
  const act = actors(subject.properties?.['act'])
  if (act.unreadable || act.parties.length > CHAIN_DEPTH_MAX) return null
  const parties = [...act.parties, ...(chain ?? []), ...(on_behalf_of === undefined ? [] : [on_behalf_of])]
  return [subject.id, ...parties.map(({ id }) => id)]
}

/**
 * Reads the parties of a request. Only subject types that the caller's credential vouches for are human; everyone else is an
 * agent. What the body claims beyond the subject (chain, `on_behalf_of`, `act`) only ever adds links, and links only lower; unless
 * the credential vouches for chains, nobody named there is charged with anything. A chain that the credential itself proves comes
 * first and whole, whatever the body says of it.
 */
export function partiesOf(request: Request, caller: Caller): Parties {
  const isHuman = (party: Party): boolean => caller.human_subject_types.includes(party.type)
  const subject: Party = { type: request.subject.type, id: request.subject.id }
  const context = (request.context ?? {}) as { readonly on_behalf_of?: Party; readonly chain?: readonly Party[] }
  const { on_behalf_of: behalf } = context
  const isTeam = behalf?.type === TEAM_TYPE && !isHuman(behalf)
  const act = actors(request.subject.properties?.['act'])
  const proven = (caller.delegation?.links ?? []).map((link) => ({ ...link, claimed: false }))
  const isNew = (party: Party): boolean => !isProven(party, caller.delegation)
  const claimed = [
    ...act.parties.map((party) => ({ party, relation: 'act' as const })),
    ...(context.chain ?? []).map((party) => ({ party, relation: 'chain' as const })),
    ...(behalf === undefined || isTeam ? [] : [{ party: behalf, relation: 'on_behalf_of' as const }]),
  ].filter(({ party }) => isNew(party))
  const others = claimed.filter(({ party }) => !isHuman(party))
  const humans = [subject, ...claimed.map(({ party }) => party)].filter(isHuman)
  const subjectIsAgent = !isHuman(subject)
  const agent = subjectIsAgent ? subject : (others[0]?.party ?? null)
  const isClaimed = caller.trusted_chain !== true
  const links = [...proven, ...(subjectIsAgent ? others : others.slice(1)).map((link) => ({ ...link, claimed: isClaimed }))]
  const ids = [...(agent === null ? [] : [agent.id]), ...links.map(({ party }) => party.id)]
  const problems: ChainProblem[] = []
  if (new Set(ids).size < ids.length) problems.push('cycle')
  if (ids.length > CHAIN_DEPTH_MAX) problems.push('too_deep')
  if (act.unreadable) problems.push('unreadable')
  if (subjectIsAgent && (caller.delegation?.human ?? null) === null && isSeveral(humans)) problems.push('several_people')
  return {
    agent,
    agent_claimed: agent !== null && !subjectIsAgent && isClaimed,
    links,
    problems,
    ...(isTeam ? { team: behalf } : {}),
    human: caller.delegation?.human ?? humans[0] ?? null,
  }
}

/** Whether more than one person is named: whoever is asked about would depend on which of them the body names first. */
function isSeveral(humans: readonly Party[]): boolean {
  return humans.some(({ type, id }) => type !== humans[0]?.type || id !== humans[0].id)
}

/** Whether the credential proves a party already, so that the body says it once more and adds nothing. */
function isProven({ type, id }: Party, delegation: Caller['delegation']): boolean {
  if (delegation === undefined) return false
  const { human, links } = delegation
  return (human?.type === type && human.id === id) || links.some(({ party }) => party.type === type && party.id === id)
}

/** Agents, in the order of the chain, whose documents a request reads and writes. */
export function agentsOf(parties: Parties): readonly string[] {
  return [...new Set([...(parties.agent === null ? [] : [parties.agent.id]), ...parties.links.map(({ party }) => party.id)])]
}

/** The session of a request. `vouched`: an enforcement point with a credential names it, and it is not the agent itself. */
export type SessionClaim = { readonly name: string | undefined; readonly vouched: boolean }

/** The session of a request, and whether its caller vouches for it: leaving it out and making one up are the same. */
export function claimedSession(
  request: Request,
  caller: Pick<Caller, 'credential' | 'listener' | 'agent' | 'roles'>,
): SessionClaim {
  const name = sessionOf(request)
  return { name, vouched: name !== undefined && vouchesForSessions(caller) }
}

/** Whether a caller's word on sessions is believed: that of an enforcement point that shows a credential, never of an agent about itself. */
export function vouchesForSessions(caller: Pick<Caller, 'credential' | 'listener' | 'agent' | 'roles'>): boolean {
  return !isAnonymous(caller) && caller.roles.includes('enforcement_point') && !isAgents(caller)
}

/** The session that a request says it belongs to; undefined where it names none, or where the request is erased by now. */
export function sessionOf(request: Request | undefined): string | undefined {
  const session = (request?.context as { readonly session?: string } | undefined)?.session
  return session === '' ? undefined : session
}
