import { ServiceError } from '../format/error.ts'
import { jsonPointer } from '../format/source-place.ts'
import { isWithoutPerformer, performerFix } from '../lattice/pdp-duties.ts'
import { Obligation } from '../model/ceiling.ts'

const CONFIG = ['graduation', 'config', 'obligations'] as const
const Duty = Obligation.pick({ id: true, performer: true })

/**
 * Refuses the data of a graduation bundle that says the decision point performs a duty which nothing performs. Lists of duties, rules
 * and tenants name duties of that data; a name that is not in it is the enforcement point's. `file`: where the data is from.
 */
export function requirePerformers(data: unknown, file: string | undefined): void {
  const duties = CONFIG.reduce<unknown>((value, step) => membersOf(value)[step], data)
  for (const [id, described] of Object.entries(membersOf(duties))) {
    const duty = Duty.safeParse({ id, performer: membersOf(described)['performer'] })
    if (!duty.success || !isWithoutPerformer(duty.data)) continue
    const where = file === undefined ? '' : ` ${file}`
    throw new ServiceError(
      'bad_policy',
      `graduation${where}: data.${CONFIG.join('.')}.${id}: nothing performs the duty "${id}"`,
      {
        place: { file, pointer: jsonPointer([...CONFIG, id]) },
        fix: performerFix(id),
      },
    )
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
