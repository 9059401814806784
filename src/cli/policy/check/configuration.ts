import { readFile } from 'node:fs/promises'

import { Config } from '../../../config/config.ts'
import type { ServiceError } from '../../../format/error.ts'
import type { SourceFinding } from '../../../format/source-place.ts'
import { schemaFindings } from '../../../format/schema-findings.ts'
import { readYaml } from '../../../format/yaml.ts'
import { findingOf } from '../../support/findings.ts'

/** Everything that is wrong in the configuration that could not be loaded, each where it stands; what the loader said where that is all there is. */
export async function configurationFindings(refusal: ServiceError, named: string): Promise<readonly SourceFinding[]> {
  const file = refusal.place.file ?? named
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return [findingOf(refusal, file)]
  const source = readYaml(file, text)
  if (!('placeOf' in source)) return source
  const parsed = Config.safeParse(source.value ?? {})
  if (parsed.success) return [findingOf(refusal, file)]
  return schemaFindings(file, source, parsed.error, { fix: 'see schemas/config.schema.json' })
}
