import { z } from 'zod'

import { Credential } from './caller.ts'

/** `credentials` of the configuration: who may call, and as whom. */
export const Credentials = z.array(Credential).max(10_000).default([])
