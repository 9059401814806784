import { ServiceError } from '../../format/error.ts'
import { type DataDirOptions, locateDataDir } from './data-dir.ts'
import type { CliDeps } from './deps.ts'
import { findServer, type Server, type ServerOptions } from './server-client.ts'

/** Options of every command by which people decide. */
export type PeopleOptions = DataDirOptions & ServerOptions & { readonly json: boolean }

/**
 * The server that people decide through. There is no way beside it: only a credential proves who somebody is, and who could name
 * anybody at a terminal could be two people.
 */
export async function requireServer(deps: CliDeps, options: PeopleOptions): Promise<Server> {
  const { dir } = await locateDataDir(deps, options)
  const server = await findServer(deps, options, dir)
  if (server !== undefined) return server
  throw new ServiceError('not_ready', `no server runs on ${dir}, and people decide only through one: it knows who they are`, {
    fix: 'start it with "gradus serve", or name it with --server URL --token-file FILE',
  })
}
