import { PATH_SEGMENT, type SpiffeId } from './spiffe-id.ts'

/** How the path of a SPIFFE ID becomes the name of an agent: `/ns/{ns}/sa/{name}` and `{ns}/{name}`. */
export type AgentTemplate = { readonly path: string; readonly agent: string }

const PLACEHOLDER = /\{([a-z][a-z0-9_]*)\}/gu
const WHOLE_PLACEHOLDER = /^\{([a-z][a-z0-9_]*)\}$/u
/** Between two placeholders stands something that no segment can hold, or two workloads could get one name. */
const AMBIGUOUS = /\}[a-zA-Z0-9._-]*\{/u

/** Why a template cannot be used, in a sentence with the fix; undefined where it can. */
export function templateProblem({ path, agent }: AgentTemplate): string | undefined {
  if (!path.startsWith('/')) return 'a path starts with "/"'
  const names: string[] = []
  for (const segment of path.slice(1).split('/')) {
    const name = WHOLE_PLACEHOLDER.exec(segment)?.[1]
    if (name !== undefined) names.push(name)
    else if (segment !== '*' && (!PATH_SEGMENT.test(segment) || segment === '.' || segment === '..'))
      return `the segment ${JSON.stringify(segment)} is none of a name, "{placeholder}" or "*"`
  }
  const used = [...agent.matchAll(PLACEHOLDER)].map((found) => found[1] ?? '')
  if (new Set(names).size < names.length) return 'a placeholder is there twice: give each its own name'
  const unknown = used.find((name) => !names.includes(name))
  if (unknown !== undefined) return `the agent names {${unknown}}, which the path has not`
  const unused = names.find((name) => !used.includes(name))
  if (unused !== undefined)
    return `{${unused}} is not in the agent's name, so several workloads would be one agent: name it there, or write "*" if that is meant`
  if (/[{}]/u.test(agent.replaceAll(PLACEHOLDER, ''))) return 'a placeholder is written {name}, in lower case'
  if (AMBIGUOUS.test(agent)) return 'put something between two placeholders that no segment can hold, such as "/" or ":"'
  return undefined
}

/** The agent that a workload is under a template; undefined where the path is another. */
export function agentByTemplate({ path, agent }: AgentTemplate, { segments }: SpiffeId): string | undefined {
  const wanted = path.slice(1).split('/')
  if (wanted.length !== segments.length) return undefined
  const values = new Map<string, string>()
  for (const [index, segment] of segments.entries()) {
    const pattern = wanted[index] ?? ''
    const name = WHOLE_PLACEHOLDER.exec(pattern)?.[1]
    if (name !== undefined) values.set(name, segment)
    else if (pattern !== '*' && pattern !== segment) return undefined
  }
  return agent.replaceAll(PLACEHOLDER, (_whole, name: string) => values.get(name) ?? '')
}
