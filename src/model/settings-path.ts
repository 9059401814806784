import { z } from 'zod'

/** A path in the configuration, relative to its file. */
export const SettingsPath = z.string().min(1).max(4_096)
