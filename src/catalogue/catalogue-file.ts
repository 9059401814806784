import { z } from 'zod'

import { Guardrails, NAME_CHARS_MAX } from '../model/ceiling.ts'
import { ConsequenceTier } from '../model/consequence-tier.ts'
import { TrackRecordNote } from './track-record.ts'

/** What kind of action this is, after its worst plausible effect. */
export const ACTION_CATEGORIES = [
  'read_only',
  'local_reversible_write',
  'external_communication',
  'destructive',
  'financial',
  'permission_escalation',
] as const
export const ActionCategory = z.enum(ACTION_CATEGORIES)
export type ActionCategory = z.infer<typeof ActionCategory>

/** How often the action is meant to happen: rare ones cost a risk point, frequent harmless ones save one. */
const FREQUENCIES = ['high', 'routine', 'rare'] as const

/** Data classifications, lowest first; `personal` and above are sensitive. */
export const CLASSIFICATIONS = ['public', 'internal', 'personal', 'confidential', 'restricted'] as const
export const Classification = z.enum(CLASSIFICATIONS)
export type Classification = z.infer<typeof Classification>

/** What may be checked about a fact before the action runs by itself. Exactly one comparison. */
const Precondition = z.union([
  z.strictObject({ fact: z.string().min(1).max(NAME_CHARS_MAX), equals: z.union([z.string(), z.number(), z.boolean()]) }),
  z.strictObject({ fact: z.string().min(1).max(NAME_CHARS_MAX), at_most: z.number() }),
  z.strictObject({ fact: z.string().min(1).max(NAME_CHARS_MAX), at_least: z.number() }),
])

const pointer = z.string().regex(/^(\/[^/]*)+$/u, 'a JSON Pointer into the arguments, such as /amount')

/** Most arguments of one tool that hold recipients. */
const RECIPIENT_POINTERS_MAX = 16
const recipients = z.union([pointer, z.array(pointer).max(RECIPIENT_POINTERS_MAX)])

/** What an action can reach. */
export const DESTINATION_KINDS = ['mail', 'domain', 'host', 'url', 'iban', 'account', 'channel', 'handle'] as const
export type DestinationKind = (typeof DESTINATION_KINDS)[number]

/** Where in the arguments destinations of one kind are: a text or a list of them. */
const DestinationPlace = z.strictObject({
  at: pointer,
  kind: z.enum(DESTINATION_KINDS),
  /** True: where nothing is there, there is none; otherwise it cannot be known. */
  optional: z.boolean().default(false),
})
export type DestinationPlace = z.infer<typeof DestinationPlace>

/** Most synonyms of a tool or scope, and the longest. */
const SYNONYMS_MAX = 200
const SYNONYM_CHARS_MAX = 64
/** Other words in which people speak of it, so that a purpose in them is not taken for drift (docs/detectors.md). */
const synonyms = z.array(z.string().min(1).max(SYNONYM_CHARS_MAX)).max(SYNONYMS_MAX).optional()

/** One tool of the catalogue. Everything defaults to the worst plausible class where the file is silent. */
export const CatalogueTool = z.strictObject({
  description: z.string().max(1_000).optional(),
  synonyms,
  /** The tool category that trust is earned in; half of the trust scope, beside the stake class. */
  scope: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/u, 'lower-case letters, digits and underscores')
    .max(NAME_CHARS_MAX),
  category: ActionCategory,
  /** 0 none, 1 one record, 2 many or shared, 3 the organisation or external money. */
  blast: z.int().min(0).max(3),
  /** 0 reversible, 1 reversible with effort, 2 irreversible. */
  reversibility: z.int().min(0).max(2),
  frequency: z.enum(FREQUENCIES),
  /** How the old value is kept so that the action can be undone; without a captured handle the action counts as irreversible. */
  rollback: z
    .strictObject({
      handle_required: z.boolean().default(true),
      /** How long the action can be undone, in hours; absent: without limit. */
      reversible_hours: z.number().nonnegative().optional(),
      /** Deviating deadlines by jurisdiction, in hours. Which one holds only a verified fact says (`context.facts.jurisdiction`); otherwise the shortest does. */
      reversible_hours_by_jurisdiction: z.record(z.string().max(NAME_CHARS_MAX), z.number().nonnegative()).optional(),
    })
    .optional(),
  /** Caps the level this action can be decided on (0–4); it never grants. Absent: that of its category in `default_levels`, or else 4. */
  default_level: z.int().min(0).max(4).optional(),
  /** How the absence of success shows (S21); without one there is no automatic execution. */
  negative_signal: z.string().min(1).max(NAME_CHARS_MAX).optional(),
  /** The least classification of the data this tool touches, whatever the request says. */
  classification: Classification.optional(),
  /** Verified facts that must hold before the action runs without a person. */
  preconditions: z.array(Precondition).max(32).default([]),
  /** Caps that hold for this tool whoever calls it. */
  guardrails: Guardrails.default({}),
  /** True: using it tells somebody outside something, such as a search of the web; a link or host in its arguments says so anyway. */
  reaches_outside: z.literal(true).optional(),
  /** Where in the arguments the amount, the recipients (all of them, such as `[/to, /cc, /bcc]`; `[]`: there are none) and the number of touched records are. */
  arguments: z
    .strictObject({
      amount: pointer.optional(),
      recipients: recipients.optional(),
      records: pointer.optional(),
      /** Whom or what it reaches, of any kind; `recipients` are destinations of the kind `mail`. */
      destinations: z.array(DestinationPlace).max(RECIPIENT_POINTERS_MAX).optional(),
    })
    .default({}),
  /** Which server or connector offers the tool; with `version` it is what the audit record names a tool by. */
  namespace: z.string().min(1).max(NAME_CHARS_MAX).optional(),
  /** Version of the tool's interface that this entry describes. */
  version: z.string().min(1).max(NAME_CHARS_MAX).optional(),
})
export type CatalogueTool = z.infer<typeof CatalogueTool>

/** One trust scope of the catalogue: which of its tools run by themselves, wait for a person, or never run. */
export const CatalogueScope = z.strictObject({
  description: z.string().max(1_000).optional(),
  synonyms,
  /** Highest level tools of this scope are decided on; a name of the ladder or 0–4. It caps, it never grants. */
  level: z.union([z.int().min(0).max(4), z.string()]).optional(),
  auto_approve: z.array(z.string()).default([]),
  require_approval: z.array(z.string()).default([]),
  block: z.array(z.string()).default([]),
})

export type CatalogueScope = z.infer<typeof CatalogueScope>

/** An agent's deviations from one trust scope. */
const AgentScope = CatalogueScope.extend({
  /** What the author of the file had counted, as a note for readers. It earns nothing: trust comes from what is recorded. */
  track_record: TrackRecordNote.optional(),
})

/** The class of an agent of which nobody says what it is. */
export const UNKNOWN_CLASS = 'unknown'

/** One agent of the catalogue. */
export const CatalogueAgent = z.strictObject({
  description: z.string().max(1_000).optional(),
  class: z.string().min(1).max(NAME_CHARS_MAX),
  tier: ConsequenceTier.default('high'),
  /** The human who answers for this agent. */
  owner: z.string().max(NAME_CHARS_MAX).optional(),
  /** Per-agent deviations of the scopes' lists and levels; they can only tighten. */
  trust_scopes: z.record(z.string().max(NAME_CHARS_MAX), AgentScope).default({}),
})

export type CatalogueAgent = z.infer<typeof CatalogueAgent>

/** A team that agents act for. */
const CatalogueTeam = z.strictObject({
  description: z.string().max(1_000).optional(),
  /** The human who answers for what is done for the team. */
  owner: z.string().min(1).max(NAME_CHARS_MAX),
})

/** A server that offers tools, such as an MCP server. */
const CatalogueServer = z.strictObject({
  description: z.string().max(1_000).optional(),
  /** True: somebody looked at it and answers for it. Any other caps what runs through it (docs/trust-model.md, "Tools and servers"). */
  audited: z.boolean().default(false),
})

/** Levels by action category, 0–4. */
const CategoryLevels = z.partialRecord(ActionCategory, z.int().min(0).max(4))

/** What one tenant decides actions on at most, by category and by tool (0–4). The lower of this and the catalogue holds. */
export const TenantLevels = z.strictObject({
  categories: CategoryLevels.default({}),
  tools: z.record(z.string().max(256), z.int().min(0).max(4)).default({}),
})
export type TenantLevels = z.infer<typeof TenantLevels>

/** Where risk bands end, in points of tools and rules: most of `low`, most of `medium`; more is `high`. */
export type RiskBands = { readonly low_points_max: number; readonly medium_points_max: number }
const points = z.int().min(0).max(1_000)

/** The action catalogue file: trust scopes, tools, agents, servers. */
export const CatalogueFile = z.strictObject({
  version: z.literal(1),
  /** 2: the stages sandbox, supervised, trusted, autonomous name L1 to L4. Absent: sandbox L0, supervised L1, trusted L3, autonomous L4. */
  stages: z.literal(2).optional(),
  trust_scopes: z.record(z.string().max(NAME_CHARS_MAX), CatalogueScope).default({}),
  tools: z.record(z.string().max(256), CatalogueTool),
  agents: z.record(z.string().max(256), CatalogueAgent).default({}),
  /** The default level of the tools of a category that say none of their own. */
  default_levels: CategoryLevels.optional(),
  /** Where the risk bands end; by default `low` at 1 point, `medium` at 3. They decide the stake class too, which is where trust is earned. */
  risk_bands: z.strictObject({ low_points_max: points, medium_points_max: points }).partial().optional(),
  /** Teams that a request may name in `context.on_behalf_of`; one that is not here is denied. */
  teams: z.record(z.string().max(256), CatalogueTeam).optional(),
  /** Servers by the `namespace` of their tools. Once any is listed, one that is not counts as unaudited. */
  servers: z.record(z.string().max(NAME_CHARS_MAX), CatalogueServer).optional(),
})
export type CatalogueFile = z.infer<typeof CatalogueFile>

/** The file of one agent: its trust scopes, and who it is. The stages name L1 to L4 in it. */
export const AgentFile = CatalogueAgent.extend({
  /** Id of the agent. */
  agent: z.string().min(1).max(256),
  class: CatalogueAgent.shape.class.default(UNKNOWN_CLASS),
})

/** How the catalogue disposes of an action for one agent. `none`: the category's own ceiling stands. */
export const DISPOSITIONS = ['auto_approve', 'none', 'require_approval', 'block'] as const
export type Disposition = (typeof DISPOSITIONS)[number]

/** What a request's action turned out to be, after the catalogue: what policy, risk and trust read. */
export type ActionClass = {
  readonly name: string
  /** False: not in the catalogue, so the worst class, and it never earns trust. */
  readonly known: boolean
  readonly scope: string
  readonly stake: 'light' | 'full'
  /** The tools of its scope and stake class only read; absent: some do more. */
  readonly only_reads?: true
  readonly category: ActionCategory
  readonly blast: number
  readonly reversibility: number
  readonly frequency: (typeof FREQUENCIES)[number]
  /** Points of blast, irreversibility and frequency (docs/trust-model.md), integer. */
  readonly static_points: number
  readonly default_level: number
  readonly disposition: Disposition
  /** True: it waits for a person in a scope at stage supervised, so a person is asked from L1 on. Absent: from where the matrix says. */
  readonly supervised?: true
  readonly negative_signal: string | null
  readonly classification: Classification | null
  readonly rollback_handle: boolean
  /** Until when the action could be undone, ISO 8601; null where there is no deadline. */
  readonly reversible_until: string | null
  readonly preconditions: readonly z.infer<typeof Precondition>[]
  readonly guardrails: Guardrails
  /** Absent: the catalogue does not say that it does. */
  readonly reaches_outside?: true
  readonly arguments: {
    readonly amount?: string | undefined
    readonly recipients?: string | readonly string[] | undefined
    readonly records?: string | undefined
    readonly destinations?: readonly DestinationPlace[] | undefined
  }
  readonly namespace: string | null
  readonly version: string | null
}

/** What the catalogue knows of an agent. Unknown agents are high-consequence and have trust 0. */
export type AgentClass = { readonly id: string; readonly known: boolean; readonly class: string; readonly tier: ConsequenceTier }

/** A team of the catalogue, and who answers for it. */
export type Team = { readonly id: string; readonly owner: string }
