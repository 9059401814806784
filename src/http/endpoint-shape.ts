import type { z } from 'zod'

import type { Role } from '../access/caller.ts'
import type { ProblemCode } from './exchange.ts'
import type { Lane } from './lanes.ts'
import type { SchemaName } from './schemas.ts'

/** Whose conventions an endpoint follows for refusals, request ids and credentials. */
export type Convention = 'native' | 'opa' | 'authzen'

/** What is limited per credential: decisions, and all other records. */
export type Rated = 'decisions' | 'reports'

/** One endpoint. Routes, the OpenAPI document and the table in docs/http.md are made from it. */
export type Endpoint = {
  readonly method: 'get' | 'post' | 'delete'
  /** Parameters in braces; a last one named `{path}` takes the rest of the path, slashes included. */
  readonly path: string
  readonly convention: Convention
  readonly summary: string
  /** Roles that may use it; `public` also where the listener vouches for nobody. The service checks them. */
  readonly roles: readonly Role[] | 'public'
  readonly body?: SchemaName
  /** Further media types of the body, each with its schema. */
  readonly bodyTypes?: Readonly<Record<string, SchemaName>>
  /** True: no body at all is as good as `{}`. */
  readonly bodyOptional?: true
  /** True: the body may be compressed with gzip; the handler unpacks it. */
  readonly gzip?: true
  readonly query?: z.ZodObject
  /** `text`: plain text; `events`: server-sent events, whose data are `StreamEvent`. */
  readonly answer: { readonly status: number; readonly schema: SchemaName | 'text' | 'events' }
  /** True: the same as plain text for who prefers `text/plain` in `Accept`. */
  readonly textOffered?: true
  /** Which limit of the credential it is charged to; absent where nothing is recorded. */
  readonly rated?: Rated
  /** How it shares the thread that decides; absent: it is done at once, as what writes a single record. */
  readonly lane?: Lane
  /** Refusals beyond those every endpoint knows. */
  readonly refusals?: readonly ProblemCode[]
}
