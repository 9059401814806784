import { join, resolve } from 'node:path'

import { z } from 'zod'

import { ServiceError } from '../../format/error.ts'
import { readOptional } from '../../format/read-text.ts'
import type { Store } from '../../ledger/store.ts'
import type { CliDeps, LoadedConfig } from './deps.ts'

/** Options of every command that looks into a data directory. */
export type DataDirOptions = { readonly config: string | undefined; readonly dataDir: string | undefined }

/** What `gradus serve` leaves in its data directory while it runs, so that commands find it. */
export const ServerFile = z.object({ url: z.url(), pid: z.int().positive(), token_file: z.string().optional() })
export type ServerFile = z.infer<typeof ServerFile>
/** The name of that file. */
const SERVER_FILE = 'server.json'

/** The configuration and the data directory that options name. */
export async function locateDataDir(
  deps: CliDeps,
  { config, dataDir }: DataDirOptions,
): Promise<{ readonly loaded: LoadedConfig; readonly dir: string }> {
  const loaded = await deps.loadConfig(config)
  const dir = dataDir === undefined ? resolve(loaded.root, loaded.config.store.data_dir) : resolve(deps.cwd, dataDir)
  return { loaded, dir }
}

/** Opens the store read-only, beside a running server or without one, and closes it when the work is over. */
export async function withStore<T>(
  deps: CliDeps,
  options: DataDirOptions,
  work: (store: Store, place: { readonly loaded: LoadedConfig; readonly dir: string }) => Promise<T>,
): Promise<T> {
  const place = await locateDataDir(deps, options)
  const store = await deps.openStore(place.dir, 'read', place.loaded)
  try {
    return await work(store, place)
  } finally {
    await store.close()
  }
}

/** The server that runs on a data directory, as far as its file says; undefined where there is none. */
export async function runningServer(dataDir: string): Promise<ServerFile | undefined> {
  const file = join(dataDir, SERVER_FILE)
  const bytes = await readOptional(file)
  if (bytes === undefined) return undefined
  const parsed = ServerFile.safeParse(parseJson(bytes.toString('utf8')))
  if (parsed.success) return parsed.data
  throw new ServiceError('bad_config', 'is not what a server writes about itself', {
    place: { file },
    fix: 'remove the file if no server runs, or name the server with --server',
  })
}

/** JSON, or undefined for anything else. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
