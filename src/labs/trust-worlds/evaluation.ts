import { type Job, jobsOf, type Plan } from './plan.ts'
import { POLICIES, type PolicyName } from './policies.ts'
import { summarize, type Summary } from './summary.ts'
import type { Life } from './tally.ts'
import { type WorldName, WORLDS } from './worlds.ts'

/** One cell of the table. */
export type Cell = { readonly world: WorldName; readonly policy: PolicyName; readonly summary: Summary }

/** The policy that let the fewest harmful actions through in a world, of those that give autonomy at all. */
export type Winner = { readonly world: WorldName; readonly policy: PolicyName; readonly harmful: number }

/** Everything that came of a plan; what `--json` writes. */
export type TrustEvaluation = {
  readonly plan: Plan
  readonly worlds: readonly { readonly name: WorldName; readonly title: string; readonly what: string }[]
  readonly policies: readonly { readonly name: PolicyName; readonly title: string; readonly source: string }[]
  readonly cells: readonly Cell[]
  readonly winners: readonly Winner[]
}

/** Runs the jobs of a plan by `run` (one thread or many) and puts the table together. The same plan gives the same table. */
export async function evaluateTrust(
  plan: Plan,
  run: (jobs: readonly Job[]) => Promise<readonly (readonly Life[])[]>,
): Promise<TrustEvaluation> {
  const jobs = jobsOf(plan)
  const lives = await run(jobs)
  const cells = plan.worlds.flatMap((world) =>
    plan.policies.map((policy): Cell => {
      const own = lives.filter((_, at) => jobs[at]?.world === world && jobs[at].policy === policy)
      return { world, policy, summary: summarize(own.flat()) }
    }),
  )
  return {
    plan,
    worlds: plan.worlds.map((name) => ({ name, title: WORLDS[name].title, what: WORLDS[name].what })),
    policies: plan.policies.map((name) => ({ name, title: POLICIES[name].title, source: POLICIES[name].source })),
    cells,
    winners: plan.worlds.flatMap((world) => winnerOf(world, cells)),
  }
}

/** Whether a policy competes: approve all harms least by letting nothing run by itself, and ablations are the product. */
function competes(policy: PolicyName): boolean {
  return policy !== 'approve_all' && !policy.startsWith('gradus_')
}

function winnerOf(world: WorldName, cells: readonly Cell[]): readonly Winner[] {
  const [least] = cells
    .filter((cell) => cell.world === world && competes(cell.policy))
    .toSorted((a, b) => a.summary.harmful.mean - b.summary.harmful.mean)
  return least === undefined ? [] : [{ world, policy: least.policy, harmful: least.summary.harmful.mean }]
}
