import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

import { ServiceError } from '../format/error.ts'
import { readFileText } from '../format/read-text.ts'
import { parseYaml, readYaml, type YamlSource } from '../format/yaml.ts'
import { Config } from './config.ts'

/** A configuration that was read and checked; `root` is the directory its paths are relative to. */
export type ConfigFile = { readonly config: Config; readonly root: string; readonly file: string }

/** Where this package's own policies and bundles are: the directory above `src/` or `dist/`. */
export const PACKAGE_ROOT = resolve(import.meta.dirname, '../..')

/** The configuration of a working directory. */
const CONFIG_FILE = 'gradus.yaml'
/** A name that is easily taken for it. */
const OTHER_NAME = 'gradus.yml'

/**
 * Reads a configuration file; without one, `gradus.yaml` of the working directory, and without that the example organisation of
 * this package with the data in `./data`. Throws `bad_config` with file, line and fix.
 */
export async function loadConfig(file: string | undefined, workingDirectory: string): Promise<ConfigFile> {
  const own = join(PACKAGE_ROOT, CONFIG_FILE)
  if (file === undefined) refuseOtherName(workingDirectory)
  const path = resolve(workingDirectory, file ?? (existsSync(join(workingDirectory, CONFIG_FILE)) ? CONFIG_FILE : own))
  const text = await textOf(path)
  const config = parseYaml(path, text, Config, 'bad_config')
  // The example's data belongs to whoever runs it, not into the package.
  const store = path === own ? { ...config.store, data_dir: join(workingDirectory, config.store.data_dir) } : config.store
  const http = { ...config.http, ...tlsFiles(config.http.tls, dirname(path)) }
  const issuers = config.identity.issuers.map((issuer) =>
    issuer.jwks_file === undefined ? issuer : { ...issuer, jwks_file: resolve(dirname(path), issuer.jwks_file) },
  )
  return { config: { ...config, http, identity: { ...config.identity, issuers }, store }, root: dirname(path), file: path }
}

/** Refuses a folder without a configuration: a server there would decide by policies that nobody of that folder wrote. Throws `bad_config`. */
export function requireConfiguration(workingDirectory: string): void {
  refuseOtherName(workingDirectory)
  if (existsSync(join(workingDirectory, CONFIG_FILE))) return
  throw new ServiceError('bad_config', `there is no ${CONFIG_FILE} in ${workingDirectory}, so nothing says what may happen`, {
    fix: 'begin a project with "gradus init DIR", name a configuration with --config, or look at the example organisation with --demo',
  })
}

function refuseOtherName(workingDirectory: string): void {
  if (existsSync(join(workingDirectory, CONFIG_FILE)) || !existsSync(join(workingDirectory, OTHER_NAME))) return
  throw new ServiceError('bad_config', `the configuration is read from ${CONFIG_FILE}, and this is ${OTHER_NAME}`, {
    place: { file: join(workingDirectory, OTHER_NAME) },
    fix: `rename it to ${CONFIG_FILE}, or name it with --config ${OTHER_NAME}`,
  })
}

/** The configuration file as it is written, with the places of its values. Throws `bad_config` with file, line and fix. */
export async function readConfigSource(path: string): Promise<YamlSource> {
  const source = readYaml(path, await textOf(path))
  if ('placeOf' in source) return source
  const [finding] = source
  throw new ServiceError('bad_config', finding?.message ?? 'cannot be read', {
    place: { file: path, line: finding?.line, column: finding?.column },
    fix: finding?.fix ?? 'mend the YAML syntax',
  })
}

async function textOf(path: string): Promise<string> {
  return readFileText(path, { code: 'bad_config', fix: 'name an existing configuration file with --config' })
}

function tlsFiles(tls: Config['http']['tls'], root: string): Pick<Config['http'], 'tls'> {
  if (tls === undefined) return {}
  const { certificate, key, client_ca: authorities } = tls
  return {
    tls: {
      certificate: resolve(root, certificate),
      key: resolve(root, key),
      ...(authorities === undefined ? {} : { client_ca: resolve(root, authorities) }),
    },
  }
}
