/** What each limit counts, by the name under which docs/limits.md has it. A setting has the name of the setting. */
const COUNTED = {
  'agent.scopes_max': 'scopes',
  'approvals.overrides_max': 'overrides in force',
  'approvals.override_minutes_max': 'minutes',
  'approvals.override_people_max': 'people',
  'audit.canonical_depth_max': 'levels deep',
  'audit.leaf_bytes_max': 'bytes in its leaf',
  'audit.note_chars_max': 'characters',
  'audit.note_signatures_max': 'signatures',
  'audit.page_records_max': 'records',
  'audit.proof_hashes_max': 'hashes',
  'authzen.evaluations_values_max': 'values',
  'bundle.bytes_max': 'bytes',
  'bundle.file_bytes_max': 'bytes',
  'bundle.files_max': 'files',
  'classifiers.answer_bytes_max': 'bytes',
  'classifiers.under_way_max': 'questions under way',
  'claims.claims_max': 'claims',
  'events.streams_max': 'open streams',
  'events.streams_per_credential_max': 'open streams',
  'history.events_max': 'events',
  'http.body_bytes_max': 'bytes',
  'http.rates.decisions.burst': 'decisions at once',
  'http.rates.reports.burst': 'reports at once',
  'identifier.chars_max': 'characters',
  'identity.agents_max': 'agents',
  'identity.issuers[].lifetime_seconds_max': 'seconds',
  'identity.key_set_bytes_max': 'bytes',
  'import.bytes_max': 'bytes',
  'import.layers_max': 'layers of scopes',
  'import.lines_max': 'lines',
  'json.array_items_max': 'items',
  'json.body_bytes_max': 'bytes',
  'json.depth_max': 'levels deep',
  'json.key_chars_max': 'characters',
  'json.number_max': 'in magnitude',
  'json.object_keys_max': 'keys',
  'json.path_chars_max': 'characters',
  'json.string_chars_max': 'characters',
  'json.values_max': 'values',
  'log.entry_chars_max': 'characters',
  'log.unpacked_bytes_max': 'bytes',
  'log.uploads_waiting_max': 'uploads',
  'opa.path_segments_max': 'segments',
  'masks.place_chars_max': 'characters',
  'masks.values_max': 'values',
  'page.form_bytes_max': 'bytes',
  'page.reason_chars_max': 'characters',
  'page.search_chars_max': 'characters',
  'page.sign_ins_max': 'attempts at once',
  'permissions.asks_per_day_max': 'requests within a day',
  'permissions.open_per_account_max': 'requests open',
  'permissions.open_per_tenant_max': 'requests open',
  'rego.addresses_max': 'addresses',
  'rego.format_width_max': 'characters',
  'rego.input_bytes_max': 'bytes',
  'rego.range_numbers_max': 'numbers',
  'rego.value_depth_max': 'levels deep',
  'reports.former_policy_sets_max': 'former policy sets at a time',
  'reports.histories_waiting_max': 'histories',
  'risk.condition_depth_max': 'levels deep',
  'signals.batch_max': 'events',
  'signals.table_entries_max': 'entries',
  'simulate.seeds_max': 'seeds',
  'trust.why_entries_max': 'entries',
  'webhooks.secrets_max': 'secrets',
} as const

/** The name of a limit that input is refused for. */
export type LimitName = keyof typeof COUNTED

/** How much is accepted, and how much came; without `came` all that is known is that it is more. */
export type LimitCount = { readonly max: number; readonly came?: number | undefined }

/**
 * Why input is over a limit, without its end: `The key has 2000 characters: the limit \`json.key_chars_max\` is 1024`. `beginning` is the
 * sentence up to the count. What to do about it follows, or stands in the fix.
 */
export function overLimit(beginning: string, name: LimitName, { max, came }: LimitCount): string {
  return `${beginning} ${came ?? `more than ${max}`} ${COUNTED[name]}: the limit \`${name}\` is ${max}`
}
