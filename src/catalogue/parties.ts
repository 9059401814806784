import { type AgentClass, type CatalogueFile, type Team, UNKNOWN_CLASS } from './catalogue-file.ts'

/** Whom a catalogue knows: agents, teams, and servers of tools. */
export type CatalogueParties = {
  /** What is known of an agent; one that is not in the catalogue is of high consequence. */
  readonly agent: (id: string) => AgentClass
  /** A team that agents may act for; undefined: nobody answers for it. */
  readonly team: (id: string) => Team | undefined
  /** Which of these servers nobody audited, sorted. Tools' own namespaces count only once the catalogue lists servers; a server that a request names always does. */
  readonly unaudited: (namespace: string | null, named: readonly string[]) => readonly string[]
  /** Who owns which agent, where the catalogue says so. */
  readonly owners: () => Readonly<Record<string, string>>
  readonly agents: readonly string[]
}

/** Whom this catalogue file knows. */
export function partiesIn(file: CatalogueFile): CatalogueParties {
  const agents = new Map(Object.entries(file.agents))
  const teams = new Map(Object.entries(file.teams ?? {}))
  const servers = new Map(Object.entries(file.servers ?? {}))
  return {
    agent: (id) => agentClass(id, agents.get(id)),
    team: (id) => {
      const team = teams.get(id)
      return team === undefined ? undefined : { id, owner: team.owner }
    },
    unaudited: (namespace, named) => {
      const path = [...(namespace === null || file.servers === undefined ? [] : [namespace]), ...named]
      return [...new Set(path)].filter((server) => servers.get(server)?.audited !== true).sort()
    },
    owners: () => Object.fromEntries([...agents].flatMap(([name, { owner }]) => (owner === undefined ? [] : [[name, owner]]))),
    agents: [...agents.keys()].sort(),
  }
}

function agentClass(id: string, agent: CatalogueFile['agents'][string] | undefined): AgentClass {
  if (agent === undefined) return { id, known: false, class: UNKNOWN_CLASS, tier: 'high' }
  return { id, known: true, class: agent.class, tier: agent.tier }
}
