import type { Caller } from '../model/caller.ts'
import type { ChainProblem, ChainRelation } from '../model/decision-inputs.ts'
import { Party, type Request } from '../model/request.ts'

/** Agents a chain may have, the deciding one included; more is denied (docs/trust-model.md, delegation). */
export const CHAIN_DEPTH_MAX = 5

/** Who is in a request: the agent that decides trust, the other agents of the chain, and the human if one was proven. */
export type Parties = {
  /** Null: no agent is in the chain, and the credential proved a human. */
  readonly agent: Party | null
  readonly links: readonly { readonly party: Party; readonly relation: ChainRelation }[]
  readonly problems: readonly ChainProblem[]
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

/**
 * Reads the parties of a request. Only subject types that the caller's credential vouches for are human; everyone else is an
 * agent. What the body claims beyond the subject (chain, `on_behalf_of`, `act`) only ever adds links, and links only lower.
 */
export function partiesOf(request: Request, caller: Caller): Parties {
  const isHuman = (party: Party): boolean => caller.human_subject_types.includes(party.type)
  const subject: Party = { type: request.subject.type, id: request.subject.id }
  const context = (request.context ?? {}) as { readonly on_behalf_of?: Party; readonly chain?: readonly Party[] }
  const act = actors(request.subject.properties?.['act'])
  const claimed = [
    ...act.parties.map((party) => ({ party, relation: 'act' as const })),
    ...(context.chain ?? []).map((party) => ({ party, relation: 'chain' as const })),
    ...(context.on_behalf_of === undefined ? [] : [{ party: context.on_behalf_of, relation: 'on_behalf_of' as const }]),
  ]
  const others = claimed.filter(({ party }) => !isHuman(party))
  const humans = [subject, ...claimed.map(({ party }) => party)].filter(isHuman)
  const subjectIsAgent = !isHuman(subject)
  const agent = subjectIsAgent ? subject : (others[0]?.party ?? null)
  const links = subjectIsAgent ? others : others.slice(1)
  const ids = [...(agent === null ? [] : [agent.id]), ...links.map(({ party }) => party.id)]
  const problems: ChainProblem[] = []
  if (new Set(ids).size < ids.length) problems.push('cycle')
  if (ids.length > CHAIN_DEPTH_MAX) problems.push('too_deep')
  if (act.unreadable) problems.push('unreadable')
  return { agent, links, problems, human: humans[0] ?? null }
}
