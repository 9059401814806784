import { Document } from 'yaml'

import { type CatalogueDraft, type DraftEntry, UNREVIEWED } from '../../../catalogue/draft.ts'
import type { NameClash } from '../../../catalogue/name-clashes.ts'
import { escapeLine } from '../../../format/terminal-text.ts'
import { table } from '../../support/output.ts'
import { DRAFT_NAMES_MAX } from './recorded-names.ts'
import type { Seen } from './seen.ts'

/** Most names that are in the catalogue already and are listed. */
const KNOWN_SHOWN_MAX = 20

// What comes of it

/** The draft as `--json` prints it. */
export function draftJson(draft: CatalogueDraft, seen: Seen): unknown {
  const { tools, agents, refused, known, clashes } = draft
  const counts = new Map(seen.tools.map(({ name, count }) => [name, count ?? null]))
  const calls = new Map(seen.agents.map(({ id, count }) => [id, count]))
  return {
    decisions: seen.decisions,
    omitted: seen.omitted,
    unknown_actions: tools.map(({ name, review }) => ({ name, count: counts.get(name) ?? null, review })),
    missing_agents: agents.map(({ name, review }) => ({ id: name, count: calls.get(name) ?? null, review })),
    refused,
    known,
    name_clashes: clashes.map(({ name, draftedAs, inCatalogue, atServer }) => ({
      name,
      drafted_as: draftedAs,
      in_catalogue: inCatalogue,
      at_server: atServer,
    })),
    catalogue: plainCatalogue(draft),
  }
}

/** What was seen and what of it is drafted, for people. */
export function draftSummary({ tools, agents, refused, known, clashes }: CatalogueDraft, seen: Seen): string {
  const counts = new Map(seen.tools.map((tool) => [tool.name, tool]))
  const calls = new Map(seen.agents.map(({ id, count }) => [id, count]))
  const traffic = seen.decisions !== null
  return [
    `${seen.from}: ${plural(tools.length, 'unknown action')}${traffic ? `, ${plural(agents.length, 'missing agent')}` : ''}; ${inCatalogue(known)}`,
    ...clashes.flatMap(clashText),
    ...(tools.length === 0 || !traffic
      ? []
      : [
          table([
            ['UNKNOWN ACTION', 'DECISIONS', 'BY'],
            ...tools.map(({ name }) => [name, String(counts.get(name)?.count ?? 0), counts.get(name)?.agents?.join(', ') ?? '']),
          ]),
        ]),
    ...(agents.length === 0
      ? []
      : [table([['MISSING AGENT', 'DECISIONS'], ...agents.map(({ name }) => [name, String(calls.get(name) ?? 0)])])]),
    ...(seen.omitted === 0
      ? []
      : [`${seen.omitted} decisions are about names beyond the first ${DRAFT_NAMES_MAX}; they are not counted`]),
    ...refused.map((name) => `no catalogue can hold the name "${escapeLine(name)}"`),
    '',
  ].join('\n')
}

function inCatalogue(known: readonly string[]): string {
  if (known.length === 0) return '0 in the catalogue already'
  const more = known.length > KNOWN_SHOWN_MAX ? ` and ${known.length - KNOWN_SHOWN_MAX} more` : ''
  return `${known.length} in the catalogue already: ${known.slice(0, KNOWN_SHOWN_MAX).map(escapeLine).join(', ')}${more}`
}

function clashText({ name, draftedAs, inCatalogue: entry, atServer }: NameClash): readonly string[] {
  return [
    `"${escapeLine(name)}" is the name of two tools:`,
    `  in the catalogue: ${escapeLine(entry)}`,
    `  at this server:   ${escapeLine(atServer)}`,
    `  drafted as "${escapeLine(draftedAs)}", and to be asked for by that name; if it is the same tool, leave the entry out`,
  ]
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function plainCatalogue({ tools, agents, declaresScope, stages }: CatalogueDraft) {
  const entries = <T>(of: readonly DraftEntry<T>[]): Readonly<Record<string, T>> =>
    Object.fromEntries(of.map(({ name, entry }) => [name, entry]))
  return {
    version: 1,
    ...(stages === undefined ? {} : { stages }),
    ...(declaresScope && tools.length > 0
      ? { trust_scopes: { [UNREVIEWED]: { description: 'Nobody has looked at these tools yet', level: 0 } } }
      : {}),
    tools: entries(tools),
    ...(agents.length === 0 ? {} : { agents: entries(agents) }),
  }
}

/** The draft as a file of the catalogue folder. Names and claims of others are on one line each, so that none can leave its comment. */
export function draftYaml(draft: CatalogueDraft, seen: Seen, against: string): string {
  const document = new Document(plainCatalogue(draft))
  document.commentBefore = [
    ` Draft from ${escapeLine(seen.from)}, against ${escapeLine(against)}.`,
    ' Every entry is in the worst class and is decided on level 0, as what is not in the catalogue, until somebody reviews it:',
    ' give each tool its scope, category, blast, reversibility and frequency, a negative_signal (without one it never runs by',
    ' itself), permit it in the base policy, and remove its default_level. Then remove the "review" lines.',
  ].join('\n')
  for (const [section, entries] of [['tools', draft.tools] as const, ['agents', draft.agents] as const])
    for (const { name, review } of entries) {
      const node = document.getIn([section, name], true) as { commentBefore?: string } | undefined
      if (node !== undefined && review.length > 0)
        node.commentBefore = review.map((line) => ` review: ${escapeLine(line)}`).join('\n')
    }
  return document.toString({ lineWidth: 0 })
}
