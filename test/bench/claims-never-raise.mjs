/**
 * Tries at length that no claim raises: `node test/bench/claims-never-raise.mjs --cases 10000000 [--seed S] [--from BLOCK]`. A case is a body and the
 * same body with one member that no credential vouches for; both are decided under a generated rule set and catalogue, and outcome and
 * points of the second are compared with those of the first.
 *
 * A block is one catalogue, 40 bodies, up to 40 claims added to each, and 100 rule sets under which all of them are decided. To be quick, the
 * facts of a body are gathered once, rules are run by a plain interpreter of the compiled rules, and the rest of a decision is derived
 * once for each band, list of duties and whether facts are unavailable, which is all that it reads of the risk. One case in 2,000 is decided in
 * full, by the code of the service alone, and has to come to the same. Prints each counterexample, and a line after each tenth block with
 * which `--from` can go on. Exit code 1: something was raised, or came to something else in full.
 */
import { parseArgs } from 'node:util'

import fc from 'fast-check'

import { deriveAtRisk } from '../../src/decisions/rules/derivation.ts'
import { withReading } from '../../src/decisions/rules/ask-policies.ts'
import { ASSUMING_FALSE, ASSUMING_TRUE } from '../../src/risk/compiled-rules.ts'
import { compare } from '../../src/risk/operators.ts'
import { compileRiskRules, factValueAt } from '../../src/risk/rules.ts'
import { EVERY_DOING, requestOf } from '../support/arbitraries.ts'
import {
  catalogueChange,
  CLAIMING_CALLERS,
  claimDocument,
  claimedMember,
  claimedPolicySet,
  claimedWorlds,
  claimResult,
  claimRules,
  claimSources,
  isClaimed,
  isRaised,
  withMember,
} from '../support/claimed-members.ts'
import { random } from '../support/random.ts'

const [BODIES, ADDED, RULE_SETS] = [40, 40, 100]
const FULL_EVERY = 2_000

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
})
const [wanted, seed, from] = [Number(values.cases), Number(values.seed), Number(values.from)]

const made = await claimedWorlds()
const members = fc.sample(claimedMember, { numRuns: 5_000, seed })
const startMs = performance.now()
const count = { cases: 0, blocks: 0, rule_sets: 0, bodies: 0, in_full: 0, raised: 0, differing: 0 }

/** Rules without json-rules-engine: the same conditions, operators and members. */
function plainEngine(rules) {
  const holds = (condition, facts) => {
    if ('all' in condition) return condition.all.every((each) => holds(each, facts))
    if ('any' in condition) return condition.any.some((each) => holds(each, facts))
    if ('not' in condition) return !holds(condition.not, facts)
    const fact = facts[condition.fact]
    const value = typeof fact === 'symbol' ? fact : factValueAt(fact, condition.path)
    const { operator } = condition
    return operator.startsWith(ASSUMING_TRUE)
      ? compare(operator.slice(ASSUMING_TRUE.length), value, condition.value) !== false
      : compare(operator.slice(ASSUMING_FALSE.length), value, condition.value) === true
  }
  const events = (facts) =>
    rules.filter(({ properties }) => holds(properties.conditions, facts)).map(({ properties }) => properties.event)
  return { run: async (facts) => ({ events: events(facts) }) }
}

/** A body whose facts are gathered; asked for its result at a risk. */
async function preparedBody(body, who, world, policySet) {
  const sources = await claimSources(body, who, world, policySet)
  const derived = withReading(sources)
  const outcomes = new Map()
  const outcomeAt = (risk) => {
    const key = JSON.stringify([risk.band, risk.obligations, risk.unavailable.length === 0])
    const known = outcomes.get(key) ?? deriveAtRisk(derived, { whole: risk, enforced: risk }).decision.outcome
    outcomes.set(key, known)
    return known
  }
  const resultBy = async (rules) => {
    const risk = await rules.evaluate(derived.measured)
    return { outcome: outcomeAt(risk), points: risk.points }
  }
  return { body, sources, resultBy }
}

/** One body of one caller, and the same with each of some claims. */
async function preparedBodies(policySet, draw) {
  const [world, who, doing] = [draw.of(made.worlds), draw.of(CLAIMING_CALLERS), draw.of(EVERY_DOING)]
  const others = Array.from({ length: draw.below(4) }, () => draw.of(members))
  const without = others.reduce(withMember, requestOf(doing))
  const drawn = Array.from({ length: ADDED }, () => draw.of(members)).filter((added) => isClaimed(without, who, added))
  const distinct = [...new Map(drawn.map((added) => [JSON.stringify(added), added])).values()]
  const prepare = (body) => preparedBody(body, who, world, policySet)
  const withClaims = await Promise.all(distinct.map((added) => prepare(withMember(without, added))))
  count.bodies += 1
  return { who, before: await prepare(without), withClaims }
}

async function tryInFull(prepared, policySet, generated, quick) {
  count.in_full += 1
  const full = await claimResult({ ...prepared.sources, policySet: { ...policySet, risk: generated.real() } })
  if (full.outcome === quick.outcome && full.points === quick.points) return
  count.differing += 1
  console.log(
    `in full it comes to something else: ${JSON.stringify({ body: prepared.body, rules: generated.rules, full, quick })}`,
  )
}

async function tryRules(policySet, bodies, rules) {
  const documents = [...made.shipped.risk.documents, claimDocument(rules)]
  const { riskBands } = policySet.catalogue
  const plain = compileRiskRules(documents, plainEngine, riskBands)
  const generated = { rules, real: () => compileRiskRules(documents, undefined, riskBands) }
  for (const { who, before, withClaims } of bodies) {
    const result = await before.resultBy(plain)
    for (const claimed of withClaims) {
      const raised = await claimed.resultBy(plain)
      count.cases += 1
      if (count.cases % FULL_EVERY === 0) await tryInFull(claimed, policySet, generated, raised)
      if (!isRaised(result, raised)) continue
      count.raised += 1
      const told = { who: who.credential, without: before.body, with: claimed.body, before: result, after: raised, rules }
      console.log(`raised: ${JSON.stringify(told)}`)
    }
  }
}

function report() {
  const told = Object.entries(count).map(([name, number]) => `${name} ${number}`)
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(0)
  console.log(`seed ${seed}, --from ${from + count.blocks}: ${told.join(', ')}, seconds ${seconds}`)
}

while (count.cases < wanted) {
  const own = { seed: seed * 1_000_003 + from + count.blocks }
  const draw = random(own.seed)
  const [changed] = fc.sample(catalogueChange, { ...own, numRuns: 1 })
  const policySet = claimedPolicySet(made, [], changed)
  const bodies = []
  for (let index = 0; index < BODIES; index += 1) bodies.push(await preparedBodies(policySet, draw))
  for (const rules of fc.sample(claimRules, { ...own, numRuns: RULE_SETS })) {
    await tryRules(policySet, bodies, rules)
    count.rule_sets += 1
  }
  count.blocks += 1
  if (count.blocks % 10 === 0) report()
}
report()
process.exit(count.raised + count.differing > 0 ? 1 : 0)
