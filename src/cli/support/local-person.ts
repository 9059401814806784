import { type Caller, CallerStanding, type Role } from '../../access/caller.ts'
import { ServiceError } from '../../format/error.ts'
import type { CliDeps } from './deps.ts'

/** Who is at this terminal, and for which tenant, as the command line names them. */
export type LocalOptions = { readonly tenant: string; readonly as: string | undefined }

/**
 * The person at this terminal, who may open the data directory and so may do what `role` may. What a record cannot hold is refused, for a
 * record that was written stays. Throws `usage`; `what` names the deed that somebody has to answer for.
 */
export function localPerson(
  deps: Pick<CliDeps, 'env'>,
  { tenant, as: person }: LocalOptions,
  role: Role,
  what: string,
): NamedCaller {
  const named = person ?? deps.env['SUDO_USER'] ?? deps.env['USER'] ?? deps.env['LOGNAME']
  if (named === undefined || named === '')
    throw new ServiceError('usage', `${what} by a person`, { fix: 'name yourself with --as NAME' })
  const standing = CallerStanding.safeParse({ tenant, person: named, roles: [role] })
  if (!standing.success)
    throw new ServiceError('usage', `"${named}" or "${tenant}" cannot name anybody`, {
      fix: 'take a shorter name without invisible characters',
    })
  return { ...standing.data, person: named, credential: 'command-line' }
}

/** A caller who is a person. */
export type NamedCaller = Caller & { readonly person: string }
