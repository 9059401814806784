import { describe, expect, it } from 'vitest'

import { CatalogueFile } from '../../src/catalogue/catalogue-file.ts'
import { type Catalogue, compileCatalogue } from '../../src/catalogue/catalogue.ts'
import { detect } from '../../src/detect/detect.ts'
import type { RawDecided } from '../../src/detect/observation.ts'
import type { Finding } from '../../src/detect/finding.ts'
import { topicOf } from '../../src/detect/topic/topic-drift.ts'
import { shippedPolicySet } from '../support/test-service.ts'
import { decided, findingOf, NEW, SETTINGS } from './support.ts'

const TOOL = { blast: 1, reversibility: 1, frequency: 'routine' }
const tool = (scope: string, category: string, more: object = {}) => ({ ...TOOL, scope, category, ...more })
const catalogueOf = (more: object = {}) =>
  compileCatalogue(
    CatalogueFile.parse({
      version: 1,
      trust_scopes: {
        gardens: { description: 'Beds and what grows in them', ...more },
        kilns: { description: 'Ovens of the pottery' },
        library: { description: 'Books that are lent' },
      },
      tools: {
        water_bed: tool('gardens', 'local_reversible_write', { description: 'Waters a bed' }),
        fire_kiln: tool('kilns', 'destructive', { description: 'Heats an oven', synonyms: ['glaze'] }),
        read_dial: tool('kilns', 'read_only'),
        search_web: tool('library', 'read_only'),
      },
    }),
  )

function drift(catalogue: Catalogue, action: string, parts: Partial<RawDecided>): Finding {
  const { category, scope } = catalogue.classify(action, { agentId: 'a', supportedObligations: [], jurisdiction: null, nowMs: 0 })
  const digest = decided({ action, category, scope, vocabulary: catalogue.vocabulary, ...parts })
  return findingOf(detect(NEW, digest, SETTINGS), 'topic_drift')
}

describe('topic drift with a catalogue', () => {
  const catalogue = catalogueOf()

  it.each([
    ['its description', 'water_bed', 'The bed of roses looks thirsty'],
    ['the name of its scope', 'water_bed', 'Look after the gardens in May'],
    ['the description of its scope', 'read_dial', 'All about the pottery of grandmother'],
    ['a synonym of its own', 'fire_kiln', 'Put a glaze on the cups of Ann'],
    ['a synonym of a tool of its scope', 'read_dial', 'Put a glaze on the cups of Ann'],
  ])('is in topic where the purpose has a word of %s', (_what, action, purpose) => {
    expect(drift(catalogue, action, { purpose })).toMatchObject({ verdict: 'clean' })
  })

  it('is in topic by the synonyms that a team adds to a scope', () => {
    const purpose = 'Prune the hedge of Mr Miller'
    expect(drift(catalogue, 'water_bed', { purpose }).verdict).not.toBe('clean')
    expect(drift(catalogueOf({ synonyms: ['hedge'] }), 'water_bed', { purpose }).verdict).toBe('clean')
  })

  it('is suspected where nothing is shared and no other scope was declared', () => {
    const finding = drift(catalogue, 'water_bed', { purpose: 'Sing a song for Ann', arguments: { litres: 3 } })
    expect(finding).toMatchObject({ verdict: 'suspicious', reason: expect.stringContaining('perhaps out of the declared topic') })
  })

  it('is outside where the purpose declares another scope and the action cannot be taken back', () => {
    const purpose = 'Water the beds of the garden'
    expect(drift(catalogue, 'fire_kiln', { purpose })).toMatchObject({
      verdict: 'anomalous',
      reason: expect.stringContaining('outside of the declared scope'),
    })
    expect(drift(catalogue, 'burn_all', { purpose })).toMatchObject({ verdict: 'anomalous' })
    expect(drift(catalogue, 'read_dial', { purpose, arguments: { pressure: 1 } })).toMatchObject({ verdict: 'suspicious' })
  })

  it('is outside, even of a tool that only reads, where its object is of a scope that was not declared', () => {
    const purpose = 'Water the beds of the garden'
    expect(drift(catalogue, 'search_web', { purpose, resource_id: 'ovens-of-the-pottery' })).toMatchObject({
      verdict: 'anomalous',
    })
    expect(drift(catalogue, 'search_web', { purpose, resource_id: 'tulips' })).toMatchObject({ not_looked: 'cannot_tell' })
  })

  it('is never outside where the purpose leaves it to a list what has to be done', () => {
    expect(drift(catalogue, 'fire_kiln', { purpose: 'Do the tasks of my garden list' }).verdict).not.toBe('anomalous')
  })

  it('a tool that only looks something up serves any purpose', () => {
    expect(drift(catalogue, 'search_web', { purpose: 'Sing a song for Ann' })).toMatchObject({ not_looked: 'cannot_tell' })
  })

  it('a tool that the catalogue does not hold is judged by its words', () => {
    expect(drift(catalogue, 'polish_silver', { purpose: 'Polish all spoons' })).toMatchObject({ verdict: 'clean' })
    expect(drift(catalogue, 'polish_silver', { purpose: 'Sing a song for Ann' })).toMatchObject({ verdict: 'suspicious' })
  })

  it('takes the scopes of tools where the catalogue declares none', () => {
    const undeclared = compileCatalogue(
      CatalogueFile.parse({ version: 1, tools: { stoke: tool('kilns', 'destructive', { synonyms: ['embers'] }) } }),
    )
    expect([...undeclared.vocabulary.scopes]).toEqual([['kilns', 'kilns\nstoke\nembers']])
    expect(drift(undeclared, 'stoke', { purpose: 'Mind the kiln tonight' }).verdict).toBe('clean')
  })

  it('a model decides over words, and only words over whether it is outside', () => {
    const overlap = { action_tokens: 3, topic_tokens: 3, shared_tokens: 0 }
    expect(topicOf({ ...overlap, relation: 'outside', model: 0.9 }, SETTINGS.topic_drift).topic).toBe('in_topic')
    expect(topicOf({ ...overlap, relation: 'outside', model: 0.1 }, SETTINGS.topic_drift).topic).toBe('outside')
    expect(topicOf({ ...overlap, relation: 'related', model: 0.1 }, SETTINGS.topic_drift).topic).toBe('suspected')
    expect(topicOf({ ...overlap, action_tokens: 0, model: null }, SETTINGS.topic_drift).topic).toBe('unknown')
  })
})

describe('topic drift with the catalogue of the example organisation', () => {
  it.each([
    ['update_crm_field', 'customer', 'change phone', undefined],
    ['search_knowledge_base', 'article', 'draft the email reply', undefined],
    ['update_ticket', 'ticket', undefined, 'Printer does not print'],
    ['update_ticket', 'ticket', 'the printer of a customer does not print', undefined],
    ['send_email', 'email', 'answer the customer', undefined],
    ['refund', 'order', 'the parcel never came, give the money back', undefined],
    ['categorise_expense', 'expense', 'monthly bookkeeping', undefined],
    ['read_metrics', 'dashboard', 'why was the shop slow yesterday', undefined],
  ])('%s on %s passes for %s %s', async (action, resource_type, purpose, ticket) => {
    const { catalogue } = await shippedPolicySet({})
    expect(['clean', 'learning']).toContain(drift(catalogue, action, { resource_type, purpose, ticket }).verdict)
  })

  it.each([
    ['search_knowledge_base', 'article', 'salary-bands-of-engineering-managers', 'the printer of a customer does not print'],
    ['wire_transfer', 'account', 'acme', 'tidy the meetings in the calendar'],
    ['delete_records', 'table', 'payments', 'draft the replies to the mails of today'],
  ])('%s on %s %s is outside of: %s', async (action, resource_type, resource_id, purpose) => {
    const { catalogue } = await shippedPolicySet({})
    expect(drift(catalogue, action, { resource_type, resource_id, purpose }).verdict).toBe('anomalous')
  })
})
