// node scripts/mutants.mjs [word…]: does a test notice when a defence is taken away? For each row of the table one line of the source is
// changed in memory, one test is run, and it has to fail; unchanged, it has to pass. Prints defence, mutation and what came of it.
// Words choose rows whose defence has one of them. A mutation whose text is not in its file exactly once is an error, and so is a
// test that is not there. Rows about trust stand here and in mutants-standing.mjs (docs/trust-attacks.md holds what it prints of them),
// rows about decisions in mutants-deciding.mjs, about a hostile world in mutants-hostile.mjs.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { DECIDING_MUTANTS } from './mutants-deciding.mjs'
import { HOSTILE_MUTANTS } from './mutants-hostile.mjs'
import { STANDING_MUTANTS } from './mutants-standing.mjs'

const ROOT = resolve(import.meta.dirname, '..')
const [ATTACKS, PUBLISHED] = ['test/trust/attacks.test.ts', 'test/trust/published-attacks.test.ts']
const EARNING = 'test/evidence/earning.test.ts'
const [EXHAUSTIVE, GATES] = ['test/trust/exhaustive.test.ts', 'test/trust/gates.test.ts']
const [LAWS, WORKED] = ['test/trust/properties.test.ts', 'test/trust/worked.test.ts']

/**
 * Defence, file below src, its text, what stands there instead, test file, beginning of the test's name. Where a defence stands twice,
 * a list of such changes: only without all of them may the test fail.
 */
export const MUTANTS = [
  [
    'on-off: relapses double the count',
    'trust/ladder.ts',
    'activeStrikes(ladder, nowMs, constants) - 1)',
    '0)',
    PUBLISHED,
    'on-off: every relapse',
  ],
  [
    'on-off: bad evidence fades slower',
    'trust/layer/layer.ts',
    's: layer.s * decay(elapsedMs, constants.half_life_negative_days)',
    's: layer.s * decay(elapsedMs, constants.half_life_positive_days)',
    PUBLISHED,
    'on-off: what went wrong',
  ],
  [
    'on-off: heat does not cool with time',
    'trust/layer/layer.ts',
    'const heat = heatCeiling(layer.q, constants)',
    'const heat = heatCeiling(layer.q * decay(nowMs - layer.tMs, 30), constants)',
    PUBLISHED,
    'on-off: recent failures',
  ],
  [
    'whitewashing: newcomers start at nothing',
    'trust/layer/layer.ts',
    'const trust = Math.min(evidence, heat, fresh)',
    'const trust = Math.max(0.5, Math.min(evidence, heat, fresh))',
    PUBLISHED,
    'whitewashing: a new name',
  ],
  [
    'whitewashing: borrowed trust is bounded',
    'trust/layer/borrowed-evidence.ts',
    'Math.min(constants.backoff_share_max, constants.backoff_units_max / units)',
    'constants.backoff_share_max',
    PUBLISHED,
    'whitewashing: a new name',
  ],
  [
    'self-promotion: own word weighs nothing',
    'trust/default-constants.ts',
    '    self: 0,',
    '    self: 0.5,',
    PUBLISHED,
    'self-promotion: the word of "self"',
  ],
  [
    'ballot stuffing: one unit per decision',
    'evidence/rules/weigh-success.ts',
    'if (added <= 0)',
    'if (added < 0)',
    PUBLISHED,
    'ballot stuffing: a decision',
  ],
  [
    'ballot stuffing: distinct verifiers',
    'trust/raters.ts',
    'verifiers.includes(verifier) || ',
    '',
    PUBLISHED,
    'ballot stuffing: any number',
  ],
  [
    'bad-mouthing: complaints weigh half',
    'trust/default-constants.ts',
    'ambiguous: 0.5,',
    'ambiguous: 1,',
    PUBLISHED,
    'bad-mouthing',
  ],
  [
    'bad-mouthing: complaints take no success back',
    'evidence/rules/weigh-failure.ts',
    '...(factual && layer.positive > 0 ?',
    '...(layer.positive > 0 ?',
    PUBLISHED,
    'bad-mouthing',
  ],
  [
    'value imbalance: weight by stake',
    'trust/default-constants.ts',
    'stake_weights: { read: 0.25,',
    'stake_weights: { read: 1,',
    PUBLISHED,
    'value imbalance',
  ],
  [
    'layer poisoning: the weakest layer decides',
    'trust/score.ts',
    '(limit[1] < least[1] ? limit : least)',
    '(limit[1] > least[1] ? limit : least)',
    PUBLISHED,
    'layer poisoning: the outcome',
  ],
  [
    '1: reads do not refresh',
    'trust/layer/layer.ts',
    'solidUnits(success) >= constants.refresh_weight_min',
    'solidUnits(success) >= 0',
    ATTACKS,
    '1: two hundred',
  ],
  [
    '1: reads alone say nothing of what does more',
    'decisions/facts.ts',
    "action.category === 'read_only' ? [] : readsCeilings(",
    "action.category !== 'never' ? [] : readsCeilings(",
    EARNING,
    'an action that joins a scope',
  ],
  [
    'ballot stuffing: who bears it out too needs a word that counts',
    'evidence/rules/weigh-success.ts',
    ' || !isSolid(claim, judged, constants)) return []',
    ') return []',
    EARNING,
    'a judge too light to count',
  ],
  [
    '1: stake classes are scopes of their own',
    'trust/layer/borrowed-evidence.ts',
    'constants.backoff_units_max / units',
    '1',
    ATTACKS,
    '1: even whole',
  ],
  [
    '3: agent heat over all scopes',
    'trust/evidence.ts',
    'weight > 0 ? heatUp(agent.heat, evidence) : agent.heat',
    'agent.heat',
    ATTACKS,
    '3: three failures',
  ],
  [
    '3: children heat their delegator',
    'trust/evidence.ts',
    'failure.weight * constants.delegator_share',
    '0 * constants.delegator_share',
    ATTACKS,
    '3: sixty failures',
  ],
  [
    '4: late successes cool no heat',
    'trust/layer/layer.ts',
    'q: isAfter(eventTimeMs, layer.tnMs) ? ',
    'q: eventTimeMs > 0 ? ',
    ATTACKS,
    '4:',
  ],
  ['4: late successes count no run', 'trust/ladder.ts', ' || !isAfter(eventTimeMs, lastFailureMs)', '', ATTACKS, '4:'],
  [
    '4: late successes cool no agent heat',
    'trust/layer/heat.ts',
    'solidUnits(success) >= constants.agent_heat_weight_min && isAfter(success.eventTimeMs, heat.tnMs)',
    'solidUnits(success) >= constants.agent_heat_weight_min',
    ATTACKS,
    '4:',
  ],
  ['5: only successes after the review count', 'trust/incident-caps.ts', ' && eventTimeMs > incident.fromMs', '', ATTACKS, '5:'],
  [
    '5: strictly later',
    'trust/incident-caps.ts',
    'eventTimeMs > incident.fromMs',
    'eventTimeMs >= incident.fromMs',
    ATTACKS,
    '5:',
  ],
  [
    '6: counting begins with the review',
    [
      ['trust/incident-caps.ts', "incident.review !== 'required' && eventTimeMs", 'eventTimeMs'],
      [
        'trust/incidents.ts',
        'scope.agentIncidentCounts.filter((one) => untouched.has(one.id))\n}',
        'scope.agentIncidentCounts\n}',
      ],
    ],
    ATTACKS,
    '6:',
  ],
  [
    '7: a new model keeps 53 units at most',
    'trust/composition.ts',
    "kind === 'major' ? constants.composition_major_units_max : Infinity",
    'Infinity',
    ATTACKS,
    '7: a model swapped behind a record of 5000',
  ],
  [
    '7: a new model is L2 at most',
    'trust/composition.ts',
    "kind === 'major' ? constants.composition_major_level_max : 4",
    '4',
    ATTACKS,
    '7: a model swapped behind a record of 270',
  ],
  [
    '8: failures count whole, whatever they weigh',
    'trust/evidence.ts',
    'kappa = Math.max(1, weight)',
    'kappa = weight',
    ATTACKS,
    '8: light failures',
  ],
  [
    '8: the e-process counts decisions',
    'trust/ladder.ts',
    'Math.min(max, Math.max(min, outcome.kappa)) * Math.log',
    '0.1 * outcome.kappa * Math.log',
    ATTACKS,
    '8: failing',
  ],
  [
    '9: ceilings from outside hide no failure',
    'trust/demotion.ts',
    'const ladder = demoted(trust.ladder, demotionScore, nowMs, constants)',
    'const ladder = demotionScore < 0.69 ? demoted(trust.ladder, demotionScore, nowMs, constants) : trust.ladder',
    ATTACKS,
    '9:',
  ],
  [
    '10: freshness only suspends',
    'trust/score.ts',
    '({ r, s, evidence, heat }: LayerReading): number {\n  return r + s > 0 ? Math.min(evidence, heat) : 0',
    '({ r, s, evidence, heat, fresh }: LayerReading): number {\n  return r + s > 0 ? Math.min(evidence, heat, fresh) : 0',
    ATTACKS,
    '10:',
  ],
  [
    '11: incidents are a set by id',
    'trust/incident-caps.ts',
    'return incidents.filter((one) => one.id !== id)\n',
    'return []\n',
    ATTACKS,
    '11:',
  ],
  [
    '12: nothing older than the memory of ids',
    'evidence/rules/event-time.ts',
    'if (atMs < nowMs - EVENT_AGE_MS_MAX)',
    'if (atMs < 0)',
    ATTACKS,
    '12:',
  ],
  [
    '12: an old success earns nothing',
    'evidence/rules/event-time.ts',
    "gravity === 'positive' && judged.decided_at_ms < nowMs - EVENT_AGE_MS_MAX",
    'gravity === undefined',
    ATTACKS,
    '12:',
  ],
  [
    '13: light successes do not refresh',
    'trust/default-constants.ts',
    'refresh_weight_min: 0.35',
    'refresh_weight_min: 0.1',
    ATTACKS,
    '13:',
  ],
  [
    '16: restarts are paid for',
    'trust/ladder.ts',
    'activeStrikes(ladder, nowMs, constants) + ladder.restarts',
    'activeStrikes(ladder, nowMs, constants)',
    ATTACKS,
    '16:',
  ],
  [
    '16: strikes are paid for',
    'trust/ladder.ts',
    'activeStrikes(ladder, nowMs, constants) + ladder.restarts',
    'ladder.restarts',
    ATTACKS,
    '16:',
  ],
  [
    '17: complaints take no grant by themselves',
    'trust/ladder.ts',
    'constants.thresholds[ladder.level] - constants.demote_margin',
    'constants.thresholds[ladder.level] + 0.1',
    ATTACKS,
    '17:',
  ],
  [
    'injection: the cap waits for its review',
    [
      ['trust/incident-caps.ts', "if (incident.review === 'required') return incident.cap", ''],
      ['trust/incident-caps.ts', "incident.review !== 'required' && eventTimeMs", 'eventTimeMs'],
    ],
    LAWS,
    'P11',
  ],
  [
    'injection: time lifts no cap',
    'trust/incident-caps.ts',
    'incident.c * decay(nowMs - incident.tMs, constants.half_life_positive_days)',
    'incident.c + (nowMs - incident.tMs)',
    LAWS,
    'P10',
  ],
  [
    'injection: a second incident keeps the lower cap',
    'trust/incident-caps.ts',
    'Math.min(cap, incidentCap(incident, nowMs, constants)), 1)',
    'incidentCap(incident, nowMs, constants), 1)',
    LAWS,
    'P9',
  ],
  [
    'silence: good fades at least as fast as bad',
    'trust/layer/layer.ts',
    's: layer.s * decay(elapsedMs, constants.half_life_negative_days)',
    's: layer.s * decay(elapsedMs, 5)',
    LAWS,
    'P4 silence never raises what the evidence',
  ],
  [
    'ladder: the gate "incident"',
    'trust/promotion.ts',
    'gates.filter((gate) => !gate.passed)',
    "gates.filter((gate) => !gate.passed && gate.gate !== 'incident')",
    GATES,
    'the gate "incident" alone',
  ],
  [
    'ladder: the gate "score"',
    'trust/promotion.ts',
    'gates.filter((gate) => !gate.passed)',
    "gates.filter((gate) => !gate.passed && gate.gate !== 'score')",
    GATES,
    'the gate "score" alone',
  ],
  [
    'ladder: the gate "conflict"',
    'trust/promotion.ts',
    'gates.filter((gate) => !gate.passed)',
    "gates.filter((gate) => !gate.passed && gate.gate !== 'conflict')",
    GATES,
    'the gate "conflict" alone',
  ],
  [
    'ladder: the gate "verifiers"',
    'trust/promotion.ts',
    'gates.filter((gate) => !gate.passed)',
    "gates.filter((gate) => !gate.passed && gate.gate !== 'verifiers')",
    GATES,
    'the gate "verifiers" alone',
  ],
  [
    'ladder: the gate "count"',
    'trust/promotion.ts',
    'gates.filter((gate) => !gate.passed)',
    "gates.filter((gate) => !gate.passed && gate.gate !== 'count')",
    GATES,
    'the gate "count" alone',
  ],
  [
    'ladder: the gate "evidence"',
    'trust/promotion.ts',
    'gates.filter((gate) => !gate.passed)',
    "gates.filter((gate) => !gate.passed && gate.gate !== 'evidence')",
    GATES,
    'the gate "evidence" alone',
  ],
  [
    'ladder: the gate "dwell"',
    'trust/promotion.ts',
    'gates.filter((gate) => !gate.passed)',
    "gates.filter((gate) => !gate.passed && gate.gate !== 'dwell')",
    GATES,
    'the gate "dwell" alone',
  ],
  [
    'ladder: the gate "human"',
    'trust/promotion.ts',
    'gates.filter((gate) => !gate.passed)',
    "gates.filter((gate) => !gate.passed && gate.gate !== 'human')",
    GATES,
    'the gate "human" alone',
  ],
  [
    'ladder: no gate is left out, in any order of events',
    'trust/promotion.ts',
    'gates.filter((gate) => !gate.passed)',
    "gates.filter((gate) => !gate.passed && gate.gate !== 'dwell')",
    EXHAUSTIVE,
    'from one step from L3 keeps',
  ],
  [
    'ladder: k starts over with an incident, in any order of events',
    'trust/incidents.ts',
    'incidents: raiseInto(scope.incidents, raised), ladder: { ...scope.ladder, k: 0 }',
    'incidents: raiseInto(scope.incidents, raised)',
    EXHAUSTIVE,
    'from one step from L3 is what',
  ],
  [
    'ladder: a false positive gives back once',
    'trust/incidents.ts',
    'if (undo?.struckAtMs !== scope.ladder.struckAtMs)',
    'if (undo === undefined)',
    EXHAUSTIVE,
    'from one step from L3 is what',
  ],
  [
    'ladder: one rung',
    'trust/ladder.ts',
    '([1, 2, 3, 4, undefined] as const)[level]',
    '([2, 3, 4, 4, undefined] as const)[level]',
    LAWS,
    'P24',
  ],
  [
    'ladder: demoted in the same write',
    'trust/evidence.ts',
    'const settled = settle(offence, constants)',
    'const settled = { agent: raised.agent, changes: [] }',
    LAWS,
    'P25',
  ],
  [
    'ladder: what a false positive gives back is judged anew',
    'trust/incidents.ts',
    'if (settled.changes.length === 0) return write',
    'if (settled.changes.length >= 0) return write',
    LAWS,
    'after a false positive',
  ],
  [
    'score: the bound is Wilson’s',
    'trust/layer/opinion.ts',
    'opinion.d + opinion.u / 2 + halfWidth(opinion)',
    'opinion.d + opinion.u / 2',
    WORKED,
    '12 clean runs',
  ],
  ...STANDING_MUTANTS,
]

/** The source of a file with its changes. Throws where a text is not there exactly once. */
export function mutated(source, file, changes) {
  return changes.reduce((text, [place, from, to]) => {
    if (place !== file) return text
    const found = text.split(from).length - 1
    if (found !== 1)
      throw new Error(`src/${file} holds ${JSON.stringify(from)} ${found} times, not once: mend the table of mutants`)
    return text.replace(from, () => to)
  }, source)
}

/** Runs the tests whose name begins so, under the changes; how many failed and passed. */
async function run(testFile, name, changes) {
  const left = new Set(changes.map(([file]) => file))
  const plugin = {
    name: 'mutant',
    enforce: 'pre',
    transform: (code, id) => {
      const file = [...left].find((each) => id === join(ROOT, 'src', each))
      if (file === undefined) return undefined
      left.delete(file)
      return mutated(code, file, changes)
    },
  }
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const options = {
    root: ROOT,
    watch: false,
    run: true,
    reporters: [{}],
    coverage: { enabled: false },
    bail: changes.length > 0 ? 1 : 0,
    // A kept module would hide the mutation, and a mutation that was kept would be everybody's.
    fsModuleCache: false,
    testNamePattern: new RegExp(String.raw`(^|\s)${escaped}`),
  }
  const { startVitest } = await import('vitest/node')
  const vitest = await startVitest([testFile], options, { plugins: [plugin] })
  const modules = vitest.state.getTestModules()
  const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state))
  const broken = modules.length === 0 || modules.some((module) => module.errors().length > 0)
  await vitest.close()
  if (broken) throw new Error(`${testFile} could not be loaded`)
  if (left.size > 0) throw new Error(`${testFile} does not load ${[...left].join(', ')}, so it cannot notice a mutation there`)
  return {
    failed: states.filter((state) => state === 'failed').length,
    passed: states.filter((state) => state === 'passed').length,
  }
}

/** A row of the table with its changes as a list. */
export function rowOf([defence, place, ...rest]) {
  const changes = Array.isArray(place) ? place : [[place, rest[0], rest[1]]]
  const [testFile, name] = rest.slice(-2)
  return { defence, changes, testFile, name }
}

function brief(text) {
  const line = text.trim().replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``
}
const told = ([file, from, to]) => `src/${file}: ${to === '' ? `without ${brief(from)}` : `${brief(from)} → ${brief(to)}`}`

async function main(words) {
  const rows = [...HOSTILE_MUTANTS, ...DECIDING_MUTANTS, ...MUTANTS]
    .map(rowOf)
    .filter(({ defence }) => words.length === 0 || words.some((word) => defence.includes(word)))
  for (const { changes } of rows)
    for (const [file] of changes) mutated(readFileSync(join(ROOT, 'src', file), 'utf8'), file, changes)
  console.log('| defence | mutation | killed by |\n|---|---|---|')
  let survived = 0
  const sound = new Set()
  for (const { defence, changes, testFile, name } of rows) {
    const key = `${testFile} ${name}`
    if (!sound.has(key)) {
      const { failed, passed } = await run(testFile, name, [])
      if (failed > 0 || passed === 0) throw new Error(`${key}: unchanged, ${passed} pass and ${failed} fail`)
      sound.add(key)
    }
    const { failed } = await run(testFile, name, changes)
    if (failed === 0) survived += 1
    console.log(
      `| ${defence} | ${changes.map(told).join('; ')} | ${failed > 0 ? `\`${testFile}\`${name === '' ? '' : `, "${name}"`}` : '**survived**'} |`,
    )
  }
  console.log(`\n${rows.length - survived} of ${rows.length} mutants killed`)
  process.exitCode = survived === 0 ? 0 : 1
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2))
