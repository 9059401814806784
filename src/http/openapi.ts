import { z } from 'zod'

import { invariant } from '../format/error.ts'
import { authzenStatus } from './authzen/form.ts'
import type { Convention, Endpoint } from './endpoint-shape.ts'
import { ENDPOINTS } from './endpoints.ts'
import { EXAMPLES } from './examples.ts'
import type { ProblemCode } from './exchange.ts'
import { PROBLEMS } from './problems.ts'
import { type SchemaName, SCHEMAS } from './schemas.ts'

/** The version of OpenAPI that the document follows. */
const OPENAPI_VERSION = '3.1.0'

type Node = Readonly<Record<string, unknown>>

/** What is answered where, by the convention of an endpoint. */
const TAGS = {
  native: { name: 'native', description: 'The native interface. Refusals are problem details (RFC 9457).' },
  opa: { name: 'opa', description: "OPA's data API, health and metrics, in OPA's forms." },
  authzen: { name: 'authzen', description: 'OpenID AuthZEN Authorization API 1.0. Refusals are a message string.' },
} as const satisfies Record<Convention, Node>

/** The whole interface as an OpenAPI 3.1 document, made from the endpoint table and the schemas that parse. */
export function buildOpenapi(version: string, url: string): Node {
  const paths: Record<string, Record<string, Node>> = {}
  for (const [operationId, endpoint] of Object.entries(ENDPOINTS) as [string, Endpoint][]) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operation(operationId, endpoint) }
  }
  return {
    openapi: OPENAPI_VERSION,
    info: {
      title: 'Gradus',
      version,
      description:
        'A policy decision point for AI agents: Rego says what may ever happen, trust and risk say how much of it may happen now.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: url === '' ? [] : [{ url }],
    tags: Object.values(TAGS),
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'A token whose SHA-256 is configured.' } },
    },
  }
}

function operation(operationId: string, endpoint: Endpoint): Node {
  const { roles, body, bodyTypes = {}, query } = endpoint
  const isPublic = roles === 'public'
  // Without a credential the listener may vouch for a caller on loopback, but only as an enforcement point.
  const isOpen =
    !isPublic &&
    roles.includes('enforcement_point') &&
    !endpoint.path.startsWith('/api/v1/outcomes') &&
    !endpoint.path.startsWith('/api/v1/decisions/') &&
    !endpoint.path.includes('/trust') &&
    !endpoint.path.startsWith('/api/v1/events')
  const parameters = [
    ...pathParameters(endpoint.path),
    ...(query === undefined ? [] : queryParameters(query)),
    ...inputParameter(operationId),
  ]
  return {
    operationId,
    tags: [TAGS[endpoint.convention].name],
    summary: endpoint.summary,
    description: isPublic ? 'Needs no credential.' : `Roles: ${roles.join(', ')}.`,
    security: isPublic ? [] : [{ bearer: [] }, ...(isOpen ? [{}] : [])],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: endpoint.bodyOptional !== true,
            content: {
              'application/json': media(body),
              ...Object.fromEntries(Object.entries(bodyTypes).map(([type, schema]) => [type, media(schema)])),
            },
          },
        }),
    responses: responses(endpoint),
    'x-roles': isPublic ? [] : roles,
  }
}

function media(name: SchemaName): Node {
  const example = EXAMPLES[name]
  return { schema: { $ref: `#/components/schemas/${name}` }, ...(example === undefined ? {} : { example }) }
}

const PARAMETER_TEXTS: Readonly<Record<string, string>> = {
  path: 'The data path, such as `gradus/decision`; it may hold slashes.',
  agent: 'The id of the agent.',
  scope: 'The trust scope, `category:light` or `category:full`.',
  incident: 'The id of the incident.',
  containment: 'The id of the containment.',
  record: 'The id of the record.',
  decision: 'The id of the decision.',
  override: 'The id of the override.',
}

function pathParameters(path: string): readonly Node[] {
  return [...path.matchAll(/\{([a-z]+)\}/gu)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: PARAMETER_TEXTS[name],
    schema: { type: 'string', minLength: 1 },
  }))
}

function queryParameters(query: z.ZodObject): readonly Node[] {
  const { properties = {} } = z.toJSONSchema(query, { io: 'input', override: withoutTimePattern })
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema as Node
    return { name, in: 'query', required: false, ...(description === undefined ? {} : { description }), schema: rest }
  })
}

function inputParameter(operationId: string): readonly Node[] {
  if (operationId !== 'readData') return []
  return [{ name: 'input', in: 'query', required: false, description: 'The input as JSON.', schema: { type: 'string' } }]
}

function responses(endpoint: Endpoint): Node {
  const { status, schema } = endpoint.answer
  const text = endpoint.textOffered === true ? contentOf('text') : {}
  const content = { ...contentOf(schema), ...text }
  const good = { [status]: { description: 'The answer.', headers: HEADERS, content } }
  const bad = new Map<number, string[]>()
  for (const code of refusals(endpoint)) {
    const at = endpoint.convention === 'authzen' ? authzenStatus(code) : PROBLEMS[code].status
    bad.set(at, [...(bad.get(at) ?? []), `\`${code}\`: ${PROBLEMS[code].title}.`])
  }
  const refused = [...bad].map(
    ([at, texts]) => [at, { description: texts.join(' '), headers: HEADERS, content: REFUSALS[endpoint.convention] }] as const,
  )
  return { ...good, ...Object.fromEntries(refused) }
}

function contentOf(schema: Endpoint['answer']['schema']): Node {
  if (schema === 'text') return { 'text/plain': { schema: { type: 'string' } } }
  if (schema === 'events') return { 'text/event-stream': media('StreamEvent') }
  return { 'application/json': media(schema) }
}

const HEADERS = {
  'X-Request-ID': { description: 'The id of the request: that of the caller, or a new one.', schema: { type: 'string' } },
} as const

const REFUSALS = {
  native: { 'application/problem+json': media('Problem') },
  opa: { 'application/json': media('OpaError') },
  authzen: { 'text/plain': { schema: { type: 'string' } } },
} as const satisfies Record<Convention, Node>

function refusals({ roles, body, query, path, rated, refusals: own = [] }: Endpoint): readonly ProblemCode[] {
  const parses = body !== undefined || query !== undefined || path.includes('{')
  return [
    ...(parses ? (['bad_request'] as const) : []),
    ...(roles === 'public' ? [] : (['unauthenticated', 'forbidden'] as const)),
    ...(body === undefined ? [] : (['request_timeout', 'too_large', 'unsupported_media_type'] as const)),
    ...(rated === undefined ? [] : (['rate_limited'] as const)),
    ...own,
    'internal',
    'not_ready',
    'deadline',
  ]
}

/** Bodies that are sent, so described as they are before defaults; everything else is described as it is answered. */
const SENT: ReadonlySet<string> = new Set(
  (Object.values(ENDPOINTS) as Endpoint[]).flatMap(({ body, bodyTypes = {} }) => [
    ...(body === undefined ? [] : [body]),
    ...Object.values(bodyTypes),
  ]),
)

function componentSchemas(): Node {
  const names = Object.keys(SCHEMAS) as SchemaName[]
  return Object.fromEntries(
    names.map((name) => [name, name === 'Json' ? { description: 'Any JSON value.' } : componentSchema(name)]),
  )
}

/** zod writes "any JSON" as a recursive definition inside each schema; here they all refer to one component. */
function componentSchema(name: SchemaName): unknown {
  const schema: Node = z.toJSONSchema(SCHEMAS[name], { io: SENT.has(name) ? 'input' : 'output', override: withoutTimePattern })
  const definitions = Object.values((schema['$defs'] as Node | undefined) ?? {})
  invariant(definitions.every(isAnyJson), `${name} defines something else than any JSON: give it a component of its own`)
  const kept = Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$defs'))
  return JSON.parse(JSON.stringify(kept).replaceAll(/"#\/\$defs\/[^"]+"/gu, '"#/components/schemas/Json"'))
}

const ANY_JSON_TYPES = 'string number boolean null array object'

function isAnyJson(definition: unknown): boolean {
  const { anyOf = [] } = definition as { readonly anyOf?: readonly { readonly type?: string }[] }
  return anyOf.map(({ type }) => type).join(' ') === ANY_JSON_TYPES
}

/** `format: date-time` says it; the pattern of 200 characters beside it helps nobody. */
function withoutTimePattern({ jsonSchema }: { readonly jsonSchema: { format?: string; pattern?: string } }): void {
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
}
