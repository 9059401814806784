import { resolve } from 'node:path'

import type { Command } from 'commander'
import { z } from 'zod'

import { anonymousCaller, type Caller, CallerStanding } from '../../access/caller.ts'
import { gatherFacts } from '../../decisions/facts.ts'
import { factKeys, requestContext } from '../../decisions/request-context.ts'
import { Given, GivenTrust } from '../../fixtures/fixture-file.ts'
import { loadFixtures } from '../../fixtures/load.ts'
import { worldOf, worldView } from '../../fixtures/world.ts'
import { ServiceError } from '../../format/error.ts'
import { readYaml } from '../../format/yaml.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { Request } from '../../model/request.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { parseTime } from '../support/option-values.ts'
import { configOption } from '../support/options.ts'

/** Where `eval` and `explain` take trust from: flags, a fixture, or the store; without any, an agent of which nothing is known. */
export type TrustOptions = DataDirOptions & {
  /** Inline YAML or JSON in the shape of a fixture's `given.trust`. */
  readonly trust: string | undefined
  /** `FILE` or `FILE#NAME`: the `given` of that case. */
  readonly fixture: string | undefined
  readonly level: string | undefined
  readonly score: string | undefined
  readonly at: string | undefined
}

/** The options that say under what trust a request is decided. */
export function givenTrustOptions(command: Command): Command {
  return configOption(command)
    .option('--trust <yaml>', "trust as in a fixture's given.trust, such as '{score: 0.85}'")
    .option('--level <level>', 'granted level, 0 to 4 or a name')
    .option('--score <score>', 'score from 0 to 1')
    .option('--fixture <file>', 'take what is given from a fixture: FILE, or FILE#NAME')
    .option('-d, --data-dir <dir>', 'take trust from the store of a data directory')
    .option('--at <time>', 'decide as of this time (ISO 8601)')
    .option('--bundles', 'use the bundles as they are instead of compiling the sources', false)
    .option('--exit-code', 'end with 10 for deny, 11 for suggest, 12 for require_approval', false)
    .option('--json', 'as JSON', false)
}

/** The facts of one request, as options say; also under which policy set it is decided (a fixture may deviate). */
export async function factsFor(
  deps: CliDeps,
  options: TrustOptions,
  request: Request,
  policySet: PolicySet,
): Promise<{ readonly facts: DecisionFacts; readonly policySet: PolicySet }> {
  const fromFlags = options.trust !== undefined || options.level !== undefined || options.score !== undefined
  if (options.fixture !== undefined && fromFlags)
    throw new ServiceError('usage', 'trust comes from --fixture or from flags, not from both', { fix: 'leave one of them out' })
  if (options.dataDir !== undefined && !fromFlags && options.fixture === undefined)
    return { facts: await storedFacts(deps, options, request, policySet), policySet }
  // Whoever asks without a fixture is whom the server takes a caller without a credential for.
  const anonymous = options.fixture === undefined ? await unnamedCaller(deps, options) : undefined
  const given =
    anonymous === undefined ? await givenByFixture(deps, options.fixture ?? '') : givenByFlags(deps, options, anonymous)
  const world = worldOf({ ...given, ...(options.at === undefined ? {} : { time: parseTime(options.at) }) }, [request], policySet)
  const caller: Caller = anonymous ?? world.caller
  const context = requestContext({ request, caller, policySet: world.policySet, atMs: world.atMs })
  return { facts: gatherFacts(context, worldView(world)), policySet: world.policySet }
}

/** Whom the listener of the configuration takes a caller for that shows no credential. */
async function unnamedCaller(deps: CliDeps, { config }: Pick<DataDirOptions, 'config'>): Promise<Caller> {
  return anonymousCaller((await deps.loadConfig(config)).config.http.anonymous)
}

function givenByFlags(deps: CliDeps, { trust, level, score }: TrustOptions, { tenant, ...anonymous }: Caller): Given {
  const caller = CallerStanding.omit({ tenant: true }).strip().parse(anonymous)
  const inline = trust === undefined ? {} : inlineTrust(trust)
  const written = {
    ...inline,
    ...(level === undefined ? {} : { level }),
    ...(score === undefined ? {} : { score: Number(score) }),
  }
  const parsed = GivenTrust.safeParse(written)
  if (!parsed.success)
    throw new ServiceError('bad_request', `the trust given: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`, {
      fix: 'give a score from 0 to 1 and a level from 0 to 4',
    })
  return Given.parse({
    tenant,
    caller,
    time: new Date(deps.nowMs()).toISOString(),
    ...(Object.keys(written).length === 0 ? {} : { trust: written }),
  })
}

function inlineTrust(text: string): object {
  const source = readYaml('--trust', text)
  if ('placeOf' in source && typeof source.value === 'object' && source.value !== null) return source.value
  throw new ServiceError('bad_request', '--trust is not an object in YAML or JSON', {
    fix: "write it like --trust '{score: 0.85}'",
  })
}

async function givenByFixture(deps: CliDeps, fixture: string): Promise<Given> {
  const [file = '', wanted] = fixture.split('#')
  const { cases, findings } = await loadFixtures(resolve(deps.cwd, file))
  const [finding] = findings
  if (finding !== undefined)
    throw new ServiceError('bad_request', finding.message, {
      place: { file, line: finding.line, column: finding.column },
      fix: finding.fix,
    })
  const found = wanted === undefined ? cases[0] : cases.find(({ fixture: { name } }) => name === wanted)
  if (found !== undefined) return found.fixture.given
  throw new ServiceError('not_found', `there is no case "${wanted ?? ''}"`, {
    place: { file },
    fix: `one of: ${cases.map(({ fixture: { name } }) => name).join('; ')}`,
  })
}

/** What the store knows now; nothing is recorded or reserved. */
async function storedFacts(deps: CliDeps, options: TrustOptions, request: Request, policySet: PolicySet): Promise<DecisionFacts> {
  const caller = await unnamedCaller(deps, options)
  const atMs = options.at === undefined ? deps.nowMs() : Date.parse(parseTime(options.at))
  const context = requestContext({ request, caller, policySet, atMs })
  return withStore(deps, options, (store) => store.read(factKeys(context), (view) => gatherFacts(context, view)))
}
