import { z } from 'zod'

import { AnonymousStanding } from '../access/caller.ts'
import { AnonymousRate, Rate, ReportRate } from '../access/rate.ts'
import { SettingsPath } from '../model/settings-path.ts'

/** `http` of the configuration: where to listen, who may call how often, and how much a request may take. */
export const HttpSettings = z
  .strictObject({
    listen: z.string().max(300).default('127.0.0.1:8181'),
    /** Callers that show no credential: what the listener vouches for, or `deny`: they are refused. */
    anonymous: z.union([z.literal('deny'), AnonymousStanding]).prefault({}),
    /** With `client_ca`, whose client certificates are verified; showing one stays optional. */
    tls: z.strictObject({ certificate: SettingsPath, key: SettingsPath, client_ca: SettingsPath.optional() }).optional(),
    public_url: z.url().optional(),
    body_bytes_max: z.int().min(1_024).max(16_777_216).default(1_048_576),
    /** Bytes of bodies in memory at a time, of which one caller may have a quarter. */
    bodies_bytes_max: z.int().min(67_108_864).max(68_719_476_736).default(268_435_456),
    /** Bytes of answers at a time that their readers have not taken, of which one caller may have a quarter. */
    unread_bytes_max: z.int().min(67_108_864).max(68_719_476_736).default(268_435_456),
    /** How long a reader may take for any answer; a large one may take longer. */
    unread_seconds_max: z.int().min(1).max(3_600).default(30),
    connections_max: z.int().min(10).max(1_000_000).default(10_000),
    /** Connections from one address, one network for IPv6; not of this machine itself. */
    connections_per_address_max: z.int().min(1).max(1_000_000).default(1_000),
    request_timeout_ms: z.int().min(10).max(600_000).default(10_000),
    drain_timeout_ms: z.int().min(0).max(600_000).default(10_000),
    /**
     * What one credential may write: `reports` are all records but decisions; decisions are unlimited where nothing is said. `anonymous`: what
     * all callers for whom nobody vouches may write together.
     */
    rates: z
      .strictObject({ reports: ReportRate.prefault({}), decisions: Rate.optional(), anonymous: AnonymousRate.prefault({}) })
      .prefault({}),
    /** True: AuthZEN answers carry our context; some interoperability runners compare answers exactly and want none. */
    authzen_context: z.boolean().default(true),
  })
  .prefault({})
export type HttpSettings = z.infer<typeof HttpSettings>
