import { z } from 'zod'

import { SettingsPath } from '../model/settings-path.ts'

/** `store` of the configuration: what keeps the log and the state. */
export const StoreSettings = z
  .strictObject({ engine: z.enum(['sqlite', 'memory']).default('sqlite'), data_dir: SettingsPath.default('data') })
  .prefault({})
export type StoreSettings = z.infer<typeof StoreSettings>
