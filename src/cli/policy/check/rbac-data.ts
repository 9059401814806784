import { z } from 'zod'

import type { SourceFinding } from '../../../format/source-place.ts'
import { configFinding, configFindings, packageConfig, type PackageConfig } from './package-data.ts'

const name = z.string().min(1)
const pattern = z.string().superRefine((text, context) => {
  const wrong = patternProblem(text)
  if (wrong !== undefined)
    context.addIssue({
      code: 'custom',
      message: `the pattern "${text}" ${wrong}, so it matches nothing`,
      params: { fix: PATTERN_FIX },
    })
})
const actions = z.array(pattern).min(1)
const resources = z.array(z.strictObject({ type: name, id: pattern })).min(1)
/** The members of an exemption, in each of its three forms. */
const EXEMPTIONS = ['role', 'attribute,begins', 'attribute,values']
const exemption = z
  .strictObject({
    role: name.optional(),
    attribute: z.array(name).min(1).optional(),
    begins: name.optional(),
    values: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .optional(),
  })
  .refine((each) => EXEMPTIONS.includes(Object.keys(each).sort().join()), {
    message: 'is no exemption, so the forbid always bites',
    params: { fix: 'give { role }, { attribute, begins } or { attribute, values }' },
  })

/** What the base policy that ships reads of `data.rbac.config`. */
const RbacConfig = z.strictObject({
  roles: z.record(
    name,
    z.strictObject({
      inherits: z.array(name).optional(),
      permissions: z.array(z.strictObject({ actions, resources })).optional(),
    }),
  ),
  forbids: z
    .array(
      z.strictObject({
        reason: name,
        roles: z.array(name).optional(),
        actions,
        resources,
        unless: z.array(exemption).optional(),
      }),
    )
    .optional(),
  assignments: z.record(name, z.record(name, z.record(name, z.array(name)))),
})
type RbacConfig = z.infer<typeof RbacConfig>

const FIX = 'policies/rbac/data.yaml as it ships shows the whole; docs/policy-guide.md explains it'
const PATTERN_FIX = '"*" is one segment, "word*" one that begins so, "**" any number of segments, at most twice'

/** What is wrong in the roles, forbids and assignments that the base policy of a folder reads. */
export async function rbacFindings(folder: string): Promise<readonly SourceFinding[]> {
  const read = await packageConfig(folder, Object.keys(RbacConfig.shape))
  if (read === undefined) return []
  if (!('source' in read)) return read
  const parsed = RbacConfig.safeParse(read.config)
  return parsed.success
    ? [...unknownRoles(read, parsed.data), ...circles(read, parsed.data)]
    : configFindings(read, parsed.error, FIX)
}

/** Why the base policy cannot read a pattern (`policies/rbac/patterns.rego`); undefined if it can. */
export function patternProblem(text: string): string | undefined {
  const words = text.split('/')
  if (words.filter((word) => word === '**').length > 2) return 'has "**" more than twice'
  if (text.includes('**/**')) return 'has "**" twice in a row'
  if (text.includes('//')) return 'has an empty segment'
  const odd = words.find((word) => word !== '**' && word.replace(/\*$/u, '').includes('*'))
  return odd === undefined ? undefined : `has "*" inside of the segment "${odd}"`
}

function unknownRoles(read: PackageConfig, { roles, forbids = [], assignments }: RbacConfig): readonly SourceFinding[] {
  const known = Object.keys(roles).sort().join(', ')
  const named: (readonly [readonly PropertyKey[], string])[] = [
    ...Object.entries(roles).flatMap(([role, { inherits = [] }]) =>
      inherits.map((other, at) => [['roles', role, 'inherits', at], other] as const),
    ),
    ...forbids.flatMap(({ roles: bound = [], unless = [] }, at) => [
      ...bound.map((role, place) => [['forbids', at, 'roles', place], role] as const),
      ...unless.flatMap((each, place) =>
        each.role === undefined ? [] : [[['forbids', at, 'unless', place, 'role'], each.role] as const],
      ),
    ]),
    ...Object.entries(assignments).flatMap(([tenant, types]) =>
      Object.entries(types).flatMap(([type, subjects]) =>
        Object.entries(subjects).flatMap(([id, given]) =>
          given.map((role, at) => [['assignments', tenant, type, id, at], role] as const),
        ),
      ),
    ),
  ]
  return named
    .filter(([, role]) => !Object.hasOwn(roles, role))
    .map(([path, role]) =>
      configFinding(read, path, {
        message: `there is no role "${role}"`,
        fix: `describe it under config.roles, or use one of: ${known}`,
      }),
    )
}

/** One finding per circle of inheritance, at the role of it that comes first. */
function circles(read: PackageConfig, { roles }: RbacConfig): readonly SourceFinding[] {
  const above = (role: string): readonly string[] => (Object.hasOwn(roles, role) ? (roles[role]?.inherits ?? []) : [])
  const reported = new Set<string>()
  return Object.keys(roles).flatMap((role): readonly SourceFinding[] => {
    const circle = reported.has(role) ? undefined : circleFrom(role, above)
    if (circle === undefined) return []
    for (const each of circle) reported.add(each)
    const message = `inherits itself: ${[...circle, role].join(' → ')}`
    return [configFinding(read, ['roles', role, 'inherits'], { message, fix: 'remove one of these inherits' })]
  })
}

/** A shortest way from a role back to itself; undefined if there is none. */
function circleFrom(start: string, above: (role: string) => readonly string[]): readonly string[] | undefined {
  const seen = new Set<string>()
  let ways: readonly (readonly [string, ...string[]])[] = [[start]]
  while (ways.length > 0) {
    const next: [string, ...string[]][] = []
    for (const way of ways)
      for (const role of above(way.at(-1) ?? start)) {
        if (role === start) return way
        if (!seen.has(role)) next.push([...way, role])
        seen.add(role)
      }
    ways = next
  }
  return undefined
}
