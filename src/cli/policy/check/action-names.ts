import type { CatalogueFile } from '../../../catalogue/catalogue-file.ts'
import { fixtureFiles, parseFixtures } from '../../../fixtures/load.ts'
import { type FileText, readFileText, readFolder } from '../../../format/read-text.ts'
import type { SourceFinding } from '../../../format/source-place.ts'
import { findingAt } from '../../../format/schema-findings.ts'
import { readYaml, valuePlaces } from '../../../format/yaml.ts'
import { didYouMean } from '../../../policy/known-names.ts'
import { loadRiskDocuments } from '../../../risk/load-documents.ts'

/** An action that a file names, and where. */
type NamedAction = { readonly name: string; readonly path: readonly (string | number)[] }

/** Where risk rules read the name of an action. */
const NAME_PATHS = [
  ['action', '$.name'],
  ['request', '$.action'],
] as const

/** What to do about an unknown action of a fixture that is no misspelling. */
const MEANT = 'list it in "given.unknown_actions" if it is meant to be unknown'

/** Actions of risk rules and fixtures that are not in the catalogue: such a rule never holds, and such a fixture tests the worst class. */
export async function actionNameFindings(
  { risk, fixtures }: { readonly risk: string | undefined; readonly fixtures: string | undefined },
  { tools }: CatalogueFile,
): Promise<readonly SourceFinding[]> {
  const known = Object.keys(tools).sort()
  // Who describes no tool has nothing to compare with.
  if (known.length === 0) return []
  const rules = risk === undefined ? [] : await readFolder(risk, ['.json'])
  const files = fixtures === undefined ? [] : await fixtureFiles(fixtures)
  const cases = await Promise.all(files.map(async (file) => ({ file, text: await readFileText(file) })))
  // What cannot be read as what it is, its own check tells.
  if (!loadRiskDocuments(rules).ok || cases.some(({ file, text }) => parseFixtures(file, text).findings.length > 0)) return []
  return [...rules.flatMap((each) => inRules(each, known)), ...cases.flatMap((each) => inFixtures(each, known))]
}

function inRules({ file, text }: FileText, known: readonly string[]): readonly SourceFinding[] {
  const placeOf = valuePlaces(text)
  const { rules } = JSON.parse(text) as { readonly rules: readonly { readonly conditions: unknown }[] }
  const named = rules.flatMap(({ conditions }, at) => conditionActions(conditions, ['rules', at, 'conditions']))
  return named
    .filter(({ name }) => !known.includes(name))
    .map(({ name, path }) => ({
      file,
      ...placeOf(path),
      ...unknownText(name, known, 'describe it in the catalogue, or the rule never holds'),
    }))
}

/** The actions that conditions compare with, however deep they stand. */
function conditionActions(condition: unknown, path: NamedAction['path']): readonly NamedAction[] {
  if (Array.isArray(condition)) return condition.flatMap((each, at) => conditionActions(each, [...path, at]))
  if (typeof condition !== 'object' || condition === null) return []
  const {
    fact,
    path: inFact,
    value,
  } = condition as { readonly fact?: unknown; readonly path?: unknown; readonly value?: unknown }
  if (fact === undefined) return Object.entries(condition).flatMap(([member, each]) => conditionActions(each, [...path, member]))
  if (!NAME_PATHS.some(([named, at]) => named === fact && at === inFact)) return []
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.flatMap((name, at) =>
    typeof name === 'string' ? [{ name, path: [...path, 'value', ...(Array.isArray(value) ? [at] : [])] }] : [],
  )
}

/** A fixture file as it is written; whatever else is in it is not looked at. */
type Written = Readonly<Record<string, unknown>>

function inFixtures({ file, text }: FileText, known: readonly string[]): readonly SourceFinding[] {
  const source = readYaml(file, text)
  if (!('placeOf' in source)) return source
  const whole = objectOf(source.value)
  const many = Array.isArray(whole['cases'])
  const cases: readonly unknown[] = many ? (whole['cases'] as readonly unknown[]) : [whole]
  const shared = many ? meantUnknown(whole, []) : []
  const placed = cases.map((each, at) => ({ fixture: objectOf(each), path: many ? ['cases', at] : [] }))
  const own = placed.map(({ fixture, path }) => meantUnknown(fixture, path))
  return [
    ...placed.flatMap(({ fixture, path }, at) =>
      caseActions(fixture, path)
        .filter(({ name }) => !known.includes(name) && ![...shared, ...(own[at] ?? [])].some((meant) => meant.name === name))
        .map((action) => findingAt(file, source, action.path, unknownText(action.name, known, MEANT))),
    ),
    ...[...shared, ...own.flat()]
      .filter(({ name }) => known.includes(name))
      .map(({ name, path }) =>
        findingAt(file, source, path, {
          message: `the action "${name}" is in the catalogue`,
          fix: 'take it out of "unknown_actions"',
        }),
      ),
  ]
}

function meantUnknown({ given }: Written, path: NamedAction['path']): readonly NamedAction[] {
  const listed = objectOf(given)['unknown_actions']
  if (!Array.isArray(listed)) return []
  return listed.flatMap((name: unknown, at) =>
    typeof name === 'string' ? [{ name, path: [...path, 'given', 'unknown_actions', at] }] : [],
  )
}

function caseActions({ request, steps }: Written, path: NamedAction['path']): readonly NamedAction[] {
  const list: readonly unknown[] = Array.isArray(steps) ? steps : []
  return [
    ...requestAction(request, [...path, 'request']),
    ...list.flatMap((step, at) => {
      const { decide, repeat } = objectOf(step)
      const inside = [...path, 'steps', at]
      return [...requestAction(decide, [...inside, 'decide']), ...caseActions(objectOf(repeat), [...inside, 'repeat'])]
    }),
  ]
}

function requestAction(request: unknown, path: NamedAction['path']): readonly NamedAction[] {
  const { action } = objectOf(request)
  if (typeof action === 'string') return [{ name: action, path: [...path, 'action'] }]
  const { name } = objectOf(action)
  return typeof name === 'string' ? [{ name, path: [...path, 'action', 'name'] }] : []
}

function objectOf(value: unknown): Written {
  return typeof value === 'object' && value !== null ? (value as Written) : {}
}

function unknownText(name: string, known: readonly string[], otherwise: string): Pick<SourceFinding, 'message' | 'fix'> {
  return { message: `the action "${name}" is not in the catalogue`, fix: didYouMean(name, known, otherwise) }
}
